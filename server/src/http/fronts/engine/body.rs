//! Bodies of this front: JSON objects.

use crate::http::Problem;
use crate::http::extract::body::read;
use crate::http::extract::fields::{Fields, MAX_BODY};
use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::{FutureExt, LocalBoxFuture};

/// The fields of a body.
#[derive(Debug)]
pub struct Body(pub Fields);

impl FromRequest for Body {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        async move {
            let body = read(&request, payload, MAX_BODY).await?;
            if !is_json(&request) {
                return Err(Problem::invalid("send the body as JSON, with Content-Type: application/json"));
            }
            Fields::of_json(&body).map(Self)
        }
        .boxed_local()
    }
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
