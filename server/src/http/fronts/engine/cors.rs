//! Pages of configured sites may use this front, without logins: its web page is served from another port.

use crate::http::cross_site;
use crate::http::state::State;
use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_REQUEST_METHOD, CROSS_ORIGIN_RESOURCE_POLICY, HeaderMap, HeaderValue, ORIGIN, VARY,
};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse};

/// Refuses state-changing requests of sites that are not configured. Inside of the envelope, which renders the refusal.
pub async fn refuse(request: ServiceRequest, next: Next<BoxBody>) -> Result<ServiceResponse, Error> {
    if configured(&request).is_some() { next.call(request).await } else { cross_site::refuse(request, next).await }
}

/// Answers preflight requests, and marks the answers that pages of configured sites may read. Outside of the envelope,
/// since a rendered problem has headers of its own.
pub async fn allow(request: ServiceRequest, next: Next<BoxBody>) -> Result<ServiceResponse, Error> {
    let origin = configured(&request);
    let is_preflight = request.method() == Method::OPTIONS
        && request.headers().contains_key(ORIGIN)
        && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if is_preflight {
        request.into_response(HttpResponse::NoContent().finish())
    } else {
        next.call(request).await?
    };
    mark(response.headers_mut(), origin, is_preflight);
    Ok(response)
}

fn configured(request: &ServiceRequest) -> Option<HeaderValue> {
    let origin = request.headers().get(ORIGIN)?;
    let sites = &State::of(request.request()).ok()?.config.engine.origins;
    sites.iter().any(|site| site.as_bytes() == origin.as_bytes()).then(|| origin.clone())
}

fn mark(headers: &mut HeaderMap, origin: Option<HeaderValue>, is_preflight: bool) {
    headers.append(VARY, HeaderValue::from_static("Origin"));
    let Some(origin) = origin else { return };
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    if is_preflight {
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST, DELETE"));
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("content-type"));
    }
}
