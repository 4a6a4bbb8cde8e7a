pub mod export;
pub mod uploads;

use crate::http::Problem;
use crate::http::extract::principal::Runner;
use crate::http::openapi::answers::Invalid;
use crate::http::problem::Code;
use crate::http::state::Shared;
use actix_web::body::SizedStream;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT_RANGES, ByteRangeSpec, CACHE_CONTROL, CONTENT_RANGE, CONTENT_TYPE, Charset, ContentDisposition,
    DispositionParam, DispositionType, ETAG, ExtendedValue, Header, IF_NONE_MATCH, IF_RANGE, Range,
};
use actix_web::{HttpRequest, HttpResponse, web};
use challengectl_common::Digest;
use challengectl_common::wire::ErrorBody;
use challengectl_coordinator::Coordinator;
use std::io::SeekFrom;
use std::path::Path;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

const BLOCK: usize = 1 << 16;

/// Download a file, or a range of it.
#[utoipa::path(
    get,
    path = "/api/files/{digest}",
    params(
        ("Range" = Option<String>, Header, description = "One range of bytes.", example = "bytes=0-1"),
        ("If-Range" = Option<String>, Header, description = "The ETag of the file to which the range belongs."),
        ("If-None-Match" = Option<String>, Header, description = "The ETag of the file that the client has."),
    ),
    responses(
        (status = OK, body = [u8], content_type = "*/*", description = "The content, with the type given by the extension of its name."),
        (status = PARTIAL_CONTENT, body = [u8], content_type = "*/*", description = "The range."),
        (status = NOT_MODIFIED),
        Invalid,
        (status = RANGE_NOT_SATISFIABLE, body = ErrorBody),
    )
)]
pub async fn download(
    _: Runner,
    coordinator: Shared<Coordinator>,
    digest: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let digest: Digest = digest.parse().map_err(|error| Problem::invalid(format!("{error}")))?;
    serve(digest, &coordinator, &request).await
}

/// Answers a file, or the part of it that the request wants.
pub async fn serve(digest: Digest, coordinator: &Coordinator, request: &HttpRequest) -> Result<HttpResponse, Problem> {
    let stored = coordinator.files.open_file(digest).await?;
    // The content never changes, so its digest is its ETag.
    let tag = format!("\"{digest}\"");
    let has = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    if has(IF_NONE_MATCH).is_some_and(|tags| tags == "*" || tags.split(',').any(|other| other.trim() == tag)) {
        return Ok(HttpResponse::NotModified().insert_header((ETAG, tag)).finish());
    }
    let range = if has(IF_RANGE).is_none_or(|other| other == tag) { wanted(request) } else { None };
    let (status, first, length) = match range.map(|range| range.to_satisfiable_range(stored.size)) {
        None => (StatusCode::OK, 0, stored.size),
        Some(Some((first, last))) => (StatusCode::PARTIAL_CONTENT, first, last - first + 1),
        Some(None) => return Err(Problem::range(stored.size)),
    };
    let mut response = HttpResponse::build(status);
    response
        .insert_header((CONTENT_TYPE, content_type(&stored.name)))
        .insert_header(attachment(&stored.name))
        .insert_header((ETAG, tag))
        .insert_header((CACHE_CONTROL, "private, max-age=31536000, immutable"))
        .insert_header((ACCEPT_RANGES, "bytes"));
    if status == StatusCode::PARTIAL_CONTENT {
        let last = first + length - 1;
        response.insert_header((CONTENT_RANGE, format!("bytes {first}-{last}/{}", stored.size)));
    }
    Ok(response.body(SizedStream::new(length, part(stored.content, first, length).await?)))
}

/// Returns the single range of the request. Several ranges, and other units, are answered with the whole file.
fn wanted(request: &HttpRequest) -> Option<ByteRangeSpec> {
    match Range::parse(request) {
        Ok(Range::Bytes(ranges)) => <[ByteRangeSpec; 1]>::try_from(ranges).ok().map(|[range]| range),
        _ => None,
    }
}

async fn part(mut content: File, first: u64, length: u64) -> Result<ReaderStream<tokio::io::Take<File>>, Problem> {
    content.seek(SeekFrom::Start(first)).await.map_err(|error| {
        tracing::error!(%error, "a file could not be read");
        Problem::new(Code::InternalError)
    })?;
    Ok(ReaderStream::with_capacity(content.take(length), BLOCK))
}

/// Returns the disposition by RFC 6266: an ASCII name for every client, and the true one for those that know
/// `filename*`.
fn attachment(name: &str) -> ContentDisposition {
    let readable = name.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '_' }).collect();
    let mut parameters = vec![DispositionParam::Filename(readable)];
    if !name.is_ascii() {
        let (charset, value) = (Charset::Ext("UTF-8".to_owned()), name.as_bytes().to_vec());
        parameters.push(DispositionParam::FilenameExt(ExtendedValue { charset, language_tag: None, value }));
    }
    ContentDisposition { disposition: DispositionType::Attachment, parameters }
}

fn content_type(name: &str) -> &'static str {
    let extension = Path::new(name).extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    match extension.to_ascii_lowercase().as_str() {
        "wav" => "audio/wav",
        "txt" => "text/plain; charset=utf-8",
        "yml" | "yaml" => "application/yaml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        _ => "application/octet-stream",
    }
}
