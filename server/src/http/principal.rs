//! Who is asking.

use super::ApiError;
use crate::core::{Caller, Coordinator};
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::{FromRequest, HttpRequest, web};
use std::future::{Ready, ready};

/// A runner that has shown its key; where the path names a runner, it is this one.
#[derive(Debug)]
pub struct Runner(pub Caller);

impl FromRequest for Runner {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(authenticate(request))
    }
}

fn authenticate(request: &HttpRequest) -> Result<Runner, ApiError> {
    let key = key(request.headers())
        .ok_or_else(|| ApiError::unauthorized("send the runner's key as X-API-Key or as Authorization: Bearer"))?;
    let caller = request
        .app_data::<web::Data<Coordinator>>()
        .and_then(|coordinator| coordinator.authenticate(key))
        .ok_or_else(|| ApiError::unauthorized("the key is unknown or revoked"))?;
    match request.match_info().get("runner_id") {
        Some(id) if id != caller.runner_id.as_str() => {
            Err(ApiError::new(StatusCode::FORBIDDEN, "forbidden").because("the key is another runner's"))
        }
        _ => Ok(Runner(caller)),
    }
}

fn key(headers: &HeaderMap) -> Option<&str> {
    if let Some(key) = headers.get("x-api-key") {
        return key.to_str().ok();
    }
    let (scheme, key) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}
