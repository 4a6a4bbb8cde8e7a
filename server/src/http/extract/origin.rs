//! The origin of a request, by the server's [`Ingress`](crate::http::Ingress).

use crate::http::state::State;
use actix_web::HttpRequest;
use std::net::IpAddr;

/// Returns the address of the client; `None` over the local console.
pub fn address(request: &HttpRequest) -> Option<IpAddr> {
    State::of(request).ok()?.ingress.address(request)
}

/// Returns whether the client is behind a proxy that is not configured.
pub fn is_hidden(request: &HttpRequest) -> bool {
    State::of(request).map_or(true, |state| state.ingress.is_hidden(request))
}

/// Returns whether the client used TLS, as far as the server can know.
pub fn is_secure(request: &HttpRequest) -> bool {
    State::of(request).is_ok_and(|state| state.ingress.is_secure(request))
}

/// Returns the URL by which the client reached the server, as [`base_url`](crate::http::Ingress::base_url) does.
pub fn base_url(request: &HttpRequest) -> Option<String> {
    State::of(request).ok()?.ingress.base_url(request)
}
