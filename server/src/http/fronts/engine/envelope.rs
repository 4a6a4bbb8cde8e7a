//! The two envelopes of this front's errors: `{"status": "error", "error": "…", "code": 400}`, and for flags
//! `{"error": "word", "message": "…", "valid": false}`.

use crate::http::Problem;
use actix_web::HttpResponse;
use serde_json::json;

/// Renders a problem outside of flags.
pub fn challenges(problem: &Problem) -> HttpResponse {
    let mut response = problem.response();
    let code = problem.status().as_u16();
    response.json(json!({"status": "error", "error": text(problem), "code": code}))
}

/// Renders a problem of a submission.
pub fn flags(problem: &Problem) -> HttpResponse {
    problem.response().json(flags_body(problem))
}

/// Returns the body of a problem of a submission.
pub fn flags_body(problem: &Problem) -> serde_json::Value {
    let word = problem.code().as_str().replace(' ', "_");
    json!({"error": word, "message": text(problem), "valid": false})
}

fn text(problem: &Problem) -> &str {
    problem.details().unwrap_or(problem.code().as_str())
}
