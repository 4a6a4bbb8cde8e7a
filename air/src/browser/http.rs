//! Answers in HTTP.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, LOCATION};
use hyper::{Response, StatusCode};

pub(super) type Answer = Response<Full<Bytes>>;

/// The content security policy: everything comes from this server, and nothing is inline. `connect-src` covers the
/// WebSocket.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
                      require-trusted-types-for 'script'; trusted-types 'none'";

const HEADERS: [(&str, &str); 5] = [
    ("content-security-policy", POLICY),
    ("cross-origin-resource-policy", "same-origin"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
];

/// Caching of content whose address changes with it: for ever.
pub(super) const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// Caching of content whose address stays: validated each time.
pub(super) const CHANGES: &str = "no-cache";

pub(super) fn content(body: impl Into<Bytes>, media_type: &'static str, cache: &'static str) -> Answer {
    let mut answer = of(StatusCode::OK, body.into(), media_type);
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    answer
}

pub(super) fn problem(status: StatusCode, text: &'static str) -> Answer {
    of(status, Bytes::from_static(text.as_bytes()), "text/plain; charset=utf-8")
}

pub(super) fn redirect(path: &'static str) -> Answer {
    let mut answer = problem(StatusCode::TEMPORARY_REDIRECT, "");
    answer.headers_mut().insert(LOCATION, HeaderValue::from_static(path));
    answer
}

fn of(status: StatusCode, body: Bytes, media_type: &'static str) -> Answer {
    let mut answer = Response::new(Full::new(body));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    answer
}
