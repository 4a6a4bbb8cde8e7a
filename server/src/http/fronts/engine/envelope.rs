//! The two envelopes of this front's errors: one for flags, one for everything else.

use super::wire::{EngineError, Failure, FlagError};
use crate::http::Problem;
use actix_web::HttpResponse;

/// The path of submissions.
const FLAGS: &str = "/api/flags";

/// Renders a problem.
pub fn render(path: &str, problem: &Problem) -> HttpResponse {
    let is_of_flags = path.strip_prefix(FLAGS).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if is_of_flags {
        return problem.response().json(of_flag(problem));
    }
    let code = problem.status().as_u16();
    problem.response().json(EngineError { status: Failure::Error, error: text(problem), code })
}

/// Returns the body of a problem of a submission.
pub fn of_flag(problem: &Problem) -> FlagError {
    let error = problem.code().as_str().replace(' ', "_");
    FlagError { error, message: text(problem), valid: false }
}

fn text(problem: &Problem) -> String {
    problem.details().unwrap_or(problem.code().as_str()).to_owned()
}
