//! Bodies of this front: JSON, or a form.

use crate::http::Problem;
use crate::http::extract::bodied::bodied;
use crate::http::extract::fields::{Fields, MAX_BODY};
use actix_multipart::Multipart;
use actix_web::HttpRequest;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Bytes, BytesMut};
use futures_util::StreamExt;

/// Fields of a form.
const MAX_FIELDS: usize = 200;

/// The fields of a body; none without a body.
#[derive(Debug)]
pub struct Body(pub Fields);

bodied!(Body, MAX_BODY, interpret);

async fn interpret(request: &HttpRequest, body: BytesMut) -> Result<Body, Problem> {
    if body.is_empty() {
        return Ok(Body(Fields::default()));
    }
    let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let fields = match essence.as_str() {
        "application/json" => Fields::of_json(&body),
        "application/x-www-form-urlencoded" => of_form(&body),
        "multipart/form-data" => of_parts(request, body.freeze()).await,
        _ => Err(Problem::invalid(
            "send the body as JSON or as a form, with Content-Type: application/json, \
             application/x-www-form-urlencoded or multipart/form-data",
        )),
    };
    fields.map(Body)
}

fn of_form(body: &[u8]) -> Result<Fields, Problem> {
    let pairs: Vec<_> = form_urlencoded::parse(body).take(MAX_FIELDS + 1).collect();
    if pairs.len() > MAX_FIELDS {
        return Err(too_many());
    }
    Ok(Fields::of_form(pairs.into_iter().map(|(name, value)| (name.into_owned(), value.into_owned()))))
}

async fn of_parts(request: &HttpRequest, body: Bytes) -> Result<Fields, Problem> {
    let body = futures_util::stream::once(async move { Ok(body) });
    let mut form = Multipart::new(request.headers(), body);
    let mut fields = Vec::new();
    while let Some(part) = form.next().await {
        let unreadable = |error| Problem::invalid(format!("the form could not be read: {error}"));
        let mut part = part.map_err(unreadable)?;
        let (name, mut text) = (part.name().unwrap_or_default().to_owned(), Vec::new());
        while let Some(piece) = part.next().await {
            text.extend_from_slice(&piece.map_err(unreadable)?);
        }
        let text = String::from_utf8(text).map_err(|_| Problem::invalid(format!("{name}: must be UTF-8")))?;
        fields.push((name, text));
        if fields.len() > MAX_FIELDS {
            return Err(too_many());
        }
    }
    Ok(Fields::of_form(fields))
}

fn too_many() -> Problem {
    Problem::invalid(format!("the form has more than {MAX_FIELDS} fields"))
}
