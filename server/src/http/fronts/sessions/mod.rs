//! The sessions front: sessions with a program of their own, such as that of a modelling program, and the way to its REST interface.

mod description;
pub mod envelope;
mod form;
mod principal;
mod proxy;
mod resource;
mod wire;

pub use proxy::routes as proxy_routes;

use crate::http::openapi::{self, ErrorForm, Group, group};
use utoipa::openapi::OpenApi;
use wire::SessionError;

/// The name of this front in sessions.
pub const FRONT: &str = "sessions";
/// The path of all its operations.
const PATH: &str = "/api/sessions";

/// Returns whether a path belongs to this front.
#[must_use]
pub fn owns(path: &str) -> bool {
    path.strip_prefix(PATH).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// All operations of this front.
pub fn groups() -> Vec<Group> {
    let sessions = group!(
        "Sessions", "Sessions of the caller."; resource: create, list, show, heartbeat, refresh, terminate
    );
    vec![sessions.failing_as(ErrorForm::of::<SessionError>("")).with_slash().with_head()]
}

/// Returns the OpenAPI document of this front.
#[must_use]
pub fn document() -> OpenApi {
    openapi::document(description::front(), groups())
}
