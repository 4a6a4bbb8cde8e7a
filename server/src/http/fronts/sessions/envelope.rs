//! The envelope of this front's errors: a word for programs, a text for people, and the field if it is one.

use super::wire::{Failure, FieldError, SessionError};
use crate::http::Problem;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;

/// The fields that a problem may begin with.
const FIELDS: [&str; 5] = ["pdbId", "file", "challenge_id", "id", "all"];

/// Renders a problem.
pub fn render(_: &str, problem: &Problem) -> HttpResponse {
    let message = problem.details().unwrap_or(problem.code().as_str()).to_owned();
    let status = status(problem.status());
    let details =
        message.split_once(": ").filter(|(field, _)| FIELDS.contains(field) && status == StatusCode::BAD_REQUEST);
    let details = details.map(|(field, why)| FieldError { field: field.to_owned(), message: why.to_owned() });
    let details = details.into_iter().collect();
    let body = SessionError { status: Failure::Error, code: word(status), message, details };
    problem.response().status(status).json(body)
}

/// Returns the status of this front: it has no others for what a request has wrong, or what cannot be done now.
fn status(status: StatusCode) -> StatusCode {
    match status {
        StatusCode::UNSUPPORTED_MEDIA_TYPE | StatusCode::UPGRADE_REQUIRED => StatusCode::BAD_REQUEST,
        StatusCode::CONFLICT | StatusCode::BAD_GATEWAY => StatusCode::SERVICE_UNAVAILABLE,
        other => other,
    }
}

fn word(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => "UNAUTHORIZED",
        StatusCode::FORBIDDEN => "FORBIDDEN",
        StatusCode::NOT_FOUND => "NOT_FOUND",
        StatusCode::METHOD_NOT_ALLOWED => "METHOD_NOT_ALLOWED",
        StatusCode::REQUEST_TIMEOUT => "REQUEST_TIMEOUT",
        StatusCode::PAYLOAD_TOO_LARGE => "PAYLOAD_TOO_LARGE",
        StatusCode::TOO_MANY_REQUESTS => "TOO_MANY_REQUESTS",
        StatusCode::SERVICE_UNAVAILABLE => "SERVICE_UNAVAILABLE",
        status if status.is_client_error() => "VALIDATION_ERROR",
        _ => "INTERNAL_SERVER_ERROR",
    }
}
