//! Bodies of this front: JSON objects.

use crate::http::Problem;
use crate::http::extract::bodied::bodied;
use crate::http::extract::fields::{Fields, MAX_BODY};
use actix_web::HttpRequest;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::BytesMut;

/// The fields of a body.
#[derive(Debug)]
pub struct Body(pub Fields);

bodied!(Body, MAX_BODY, interpret);

async fn interpret(request: &HttpRequest, body: BytesMut) -> Result<Body, Problem> {
    if !is_json(request) {
        return Err(Problem::invalid("send the body as JSON, with Content-Type: application/json"));
    }
    Fields::of_json(&body).map(Body)
}

fn is_json(request: &HttpRequest) -> bool {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = kind.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let is_utf8 = |part: &str| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        !name.eq_ignore_ascii_case("charset") || value.trim_matches('"').eq_ignore_ascii_case("utf-8")
    };
    essence.eq_ignore_ascii_case("application/json") && parts.all(is_utf8)
}
