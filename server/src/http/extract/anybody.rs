//! Clients without credentials.

use super::origin;
use crate::http::Problem;
use crate::http::state::State;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use std::future::{Ready, ready};

/// Any client, without credentials, within the rate limit of its address.
#[derive(Debug)]
pub struct Anybody;

impl FromRequest for Anybody {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(count_request(request).map(|()| Self))
    }
}

fn count_request(request: &HttpRequest) -> Result<(), Problem> {
    let Some(address) = origin::address(request) else { return Ok(()) };
    State::of(request)?.rate_limits.count_address(address)
}
