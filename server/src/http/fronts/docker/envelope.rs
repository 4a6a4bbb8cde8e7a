//! The envelope of this front's errors: `{"success": false, "error": "…"}`, with `errors` by field where one is named.

use crate::http::Problem;
use crate::http::problem::Code;
use actix_web::HttpResponse;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// An error.
#[derive(Serialize, ToSchema)]
pub struct DockerError {
    /// Always false.
    pub success: bool,
    /// The cause and the way out.
    pub error: String,
    /// The reasons by the fields of the body, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<BTreeMap<String, Vec<String>>>,
}

/// An answer with what was asked for.
#[derive(Serialize, ToSchema)]
pub struct Data<T> {
    /// Always true.
    pub success: bool,
    pub data: T,
}

impl<T> Data<T> {
    pub fn new(data: T) -> Self {
        Self { success: true, data }
    }
}

/// It is done.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerDone)]
pub struct Done {
    /// Always true.
    pub success: bool,
}

impl Done {
    pub const DONE: Self = Self { success: true };
}

/// The path below which all belongs to this front.
const BASE: &str = "/api/v1";
/// Bytes of the longest name of a field.
const MAX_FIELD: usize = 40;

/// Returns whether a path belongs to this front.
#[must_use]
pub fn owns(path: &str) -> bool {
    let is_below = |base: &str| path.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    is_below(BASE) || is_below("/files")
}

/// Renders a problem.
#[must_use]
pub fn render(problem: &Problem) -> HttpResponse {
    let error = problem.details().unwrap_or(problem.code().as_str()).to_owned();
    let errors = (problem.code() == Code::InvalidRequest).then(|| by_field(&error)).flatten();
    problem.response().json(DockerError { success: false, error, errors })
}

/// Returns the reason by the field that it is about, if the text names one: `field: reason`.
fn by_field(text: &str) -> Option<BTreeMap<String, Vec<String>>> {
    let (field, reason) = text.split_once(": ")?;
    let is_field = field.len() <= MAX_FIELD && field.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    is_field.then(|| BTreeMap::from([(field.to_owned(), vec![reason.to_owned()])]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_another_front_is_not_its_own() {
        for path in ["/api/v1", "/api/v1/", "/api/v1/docker", "/files/a/b"] {
            assert!(owns(path), "{path}");
        }
        for path in ["/api", "/api/v10", "/api/v1x/docker", "/api/files/0", "/filesystem"] {
            assert!(!owns(path), "{path}");
        }
    }

    #[test]
    fn a_field_is_named_beside_the_text() {
        let errors = by_field("exposed_ports: \"80\" is no port").unwrap();
        assert_eq!(errors["exposed_ports"], ["\"80\" is no port"]);
        assert!(by_field("Invalid Docker image name format").is_none());
        assert!(by_field("the pattern of a flag: too large").is_none());
    }
}
