//! JSON bodies: bounded in size; errors name the place in the body.

use crate::http::Problem;
use crate::http::problem::Code;
use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::web::BytesMut;
use actix_web::{FromRequest, HttpRequest};
use futures_util::StreamExt;
use futures_util::future::{FutureExt, LocalBoxFuture};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use std::time::Duration;
use tokio::time::timeout;

/// The maximum size of a body in bytes. A registration with 64 radios and their limits needs a tenth of it.
pub const LIMIT: usize = 256 * 1024;
/// Time limit of a whole JSON body, or of the next piece of a file; a slower client only occupies a connection.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// The maximum size of a body without credentials, in bytes, since anyone can send many at once.
pub const SMALL: usize = 4 * 1024;

/// A JSON body of at most `MAX` bytes.
#[derive(Debug)]
pub struct Json<T, const MAX: usize = LIMIT>(pub T);

/// An optional JSON body.
#[derive(Debug)]
pub struct OptionalJson<T>(pub Option<T>);

impl<T: DeserializeOwned + 'static, const MAX: usize> FromRequest for Json<T, MAX> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        async move { parse(&request, &read(&request, payload, MAX).await?).map(Self) }.boxed_local()
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for OptionalJson<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        async move {
            let body = read(&request, payload, LIMIT).await?;
            if body.is_empty() { Ok(Self(None)) } else { parse(&request, &body).map(|value| Self(Some(value))) }
        }
        .boxed_local()
    }
}

/// A principal and a body, which is read only after the principal is authorised. (Separate extractors run side by
/// side.)
#[derive(Debug)]
pub struct With<P, B>(pub P, pub B);

impl<P, B> FromRequest for With<P, B>
where
    P: FromRequest<Error = Problem> + 'static,
    B: FromRequest<Error = Problem> + 'static,
{
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        async move {
            P::from_request(&request, &mut Payload::None).await?;
            let body = B::from_request(&request, &mut payload).await?;
            // While a slow body arrives, the account may have been disabled or the login ended.
            let person = P::from_request(&request, &mut Payload::None).await?;
            Ok(Self(person, body))
        }
        .boxed_local()
    }
}

/// Reads a body of at most `limit` bytes within [`BODY_TIMEOUT`].
pub async fn read(request: &HttpRequest, payload: Payload, limit: usize) -> Result<BytesMut, Problem> {
    let whole = timeout(BODY_TIMEOUT, collect(request, payload, limit)).await;
    whole.unwrap_or_else(|_| Err(Problem::too_slow(BODY_TIMEOUT)))
}

async fn collect(request: &HttpRequest, mut payload: Payload, limit: usize) -> Result<BytesMut, Problem> {
    let too_large = || Problem::new(Code::BodyTooLarge).because(format!("at most {limit} bytes"));
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let mut body = BytesMut::new();
    while let Some(part) = payload.next().await {
        let part = part.map_err(|error| Problem::invalid(format!("the body could not be read: {error}")))?;
        if body.len() + part.len() > limit {
            return Err(too_large());
        }
        body.extend_from_slice(&part);
    }
    Ok(body)
}

fn parse<T: DeserializeOwned>(request: &HttpRequest, body: &[u8]) -> Result<T, Problem> {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !is_json(kind) {
        return Err(
            Problem::new(Code::UnsupportedMediaType).because("send the body with Content-Type: application/json")
        );
    }
    // A list would be read as the fields in order.
    if body.trim_ascii_start().starts_with(b"[") {
        return Err(Problem::invalid("the body must be an object, not a list"));
    }
    let json = &mut serde_json::Deserializer::from_slice(body);
    let value = deserialize(&mut *json)?;
    json.end().map_err(|error| Problem::invalid(error.to_string()))?;
    Ok(value)
}

/// Reads a field that is given, so that an omitted one keeps its value and null clears it; with `#[serde(default)]`.
pub fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(field: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(field).map(Some)
}

/// Deserializes a body; errors name the place in it.
pub fn deserialize<'de, T: DeserializeOwned>(body: impl Deserializer<'de>) -> Result<T, Problem> {
    serde_path_to_error::deserialize(body).map_err(|error| {
        let place = error.path().to_string();
        let reason = error.into_inner();
        Problem::invalid(if matches!(place.as_str(), "." | "?") {
            reason.to_string()
        } else {
            format!("{place}: {reason}")
        })
    })
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}
