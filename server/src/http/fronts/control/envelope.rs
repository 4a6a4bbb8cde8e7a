//! The envelope of the control API: `{"error": "…", "details": "…"}`.

use crate::http::Problem;
use actix_web::HttpResponse;
use challengectl_common::wire::ErrorBody;

/// Renders a problem.
pub fn render(_: &str, problem: &Problem) -> HttpResponse {
    let body =
        ErrorBody { error: problem.code().as_str().to_owned(), details: problem.details().map(ToOwned::to_owned) };
    problem.response().json(body)
}
