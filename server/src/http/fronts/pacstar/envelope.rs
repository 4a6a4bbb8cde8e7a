//! The envelope of this front's errors: one text. Its statuses are those of the document, which has no 409, and tells what is
//! malformed (400), what is invalid (422) and what the state forbids (400) apart.

use super::wire::PacstarError;
use crate::http::Problem;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use challengectl_coordinator::CoreError;

/// Renders a problem.
pub fn render(_: &str, problem: &Problem) -> HttpResponse {
    let detail = problem.details().unwrap_or(problem.code().as_str()).to_owned();
    let status = match problem.status() {
        StatusCode::CONFLICT => StatusCode::BAD_REQUEST,
        other => other,
    };
    problem.response().status(status).json(PacstarError { detail })
}

/// Returns the problem of a value that is well formed, and invalid.
pub fn unprocessable(details: impl Into<String>) -> Problem {
    Problem::invalid(details).with_status(StatusCode::UNPROCESSABLE_ENTITY)
}

/// Returns the problem of an error: an invalid value is 422 here.
pub fn refused(error: CoreError) -> Problem {
    match error {
        CoreError::Invalid(details) => unprocessable(details),
        other => other.into(),
    }
}
