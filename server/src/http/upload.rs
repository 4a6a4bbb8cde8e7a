//! Files that come as `multipart/form-data`: streamed to disk, bounded, and never found by the name they come with.

use super::ApiError;
use super::body::PATIENCE;
use crate::core::Coordinator;
use crate::core::uploads::Incoming;
use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::http::StatusCode;
use futures_util::StreamExt;
use std::path::Path;
use tokio::time::timeout;

/// Bytes of one file.
pub const LARGEST: u64 = 100 * 1024 * 1024;
const LONGEST_NAME: usize = 255;
const EXTENSIONS: [&str; 7] = ["wav", "bin", "txt", "yml", "yaml", "py", "grc"];

/// A part of a form.
pub struct Part {
    /// The name of the field.
    pub field: String,
    /// The name of the file, without folders.
    pub name: String,
    /// What it holds.
    pub content: Incoming,
}

/// The next file of a form.
pub async fn next(form: &mut Multipart, coordinator: &Coordinator) -> Result<Option<Part>, ApiError> {
    let field = timeout(PATIENCE, form.next()).await.map_err(|_| ApiError::too_slow(PATIENCE))?;
    let Some(field) = field else { return Ok(None) };
    let mut field = field.map_err(refused)?;
    let disposition = field.content_disposition();
    let sent = disposition.and_then(|disposition| disposition.get_filename()).map(plain);
    let name = field.name().unwrap_or_default().to_owned();
    let Some(file_name) = sent.filter(|sent| !sent.is_empty()) else {
        return Err(ApiError::invalid(format!("field {name:?} is not a file; send it with a filename")));
    };
    check_extension(&file_name)?;
    let content = receive(&mut field, coordinator).await?;
    Ok(Some(Part { field: name, name: file_name, content }))
}

async fn receive(field: &mut Field, coordinator: &Coordinator) -> Result<Incoming, ApiError> {
    let mut content = coordinator.receive()?;
    let mut over = 0;
    while let Some(piece) = timeout(PATIENCE, field.next()).await.map_err(|_| ApiError::too_slow(PATIENCE))? {
        let piece = piece.map_err(refused)?;
        if content.size() + piece.len() as u64 <= LARGEST && over == 0 {
            content.write(&piece).await?;
            continue;
        }
        // A client that is hung up on while it sends does not read the answer, so some more is let pass unread.
        over += piece.len() as u64;
        if over > LARGEST {
            break;
        }
    }
    if over > 0 {
        let limit = format!("a file has at most {LARGEST} bytes");
        return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "file too large").because(limit));
    }
    content.flush().await?;
    Ok(content)
}

/// The last part of a name, whatever separates them, without what would garble a line of text.
fn plain(sent: &str) -> String {
    let last = sent.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut name: String = last.chars().filter(|c| !c.is_control()).collect();
    name.truncate(name.floor_char_boundary(LONGEST_NAME));
    name
}

fn check_extension(name: &str) -> Result<(), ApiError> {
    let extension = Path::new(name).extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    if EXTENSIONS.iter().any(|allowed| extension.eq_ignore_ascii_case(allowed)) {
        return Ok(());
    }
    Err(ApiError::new(StatusCode::BAD_REQUEST, "file type not allowed")
        .because(format!("{name:?} has none of these extensions: .{}", EXTENSIONS.join(", ."))))
}

fn refused(error: MultipartError) -> ApiError {
    match error {
        MultipartError::ContentTypeMissing
        | MultipartError::ContentTypeParse
        | MultipartError::ContentTypeIncompatible => {
            ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported media type")
                .because("send a form with Content-Type: multipart/form-data")
        }
        error => ApiError::invalid(format!("the form could not be read: {error}")),
    }
}
