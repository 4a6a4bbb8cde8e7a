//! The documented APIs (fronts), each with its own wire types and its own envelope for errors.

pub mod control;
pub mod docker;
pub mod engine;
pub mod pacstar;
pub mod play;
pub mod sessions;

use super::problem::{Code, Problem};

/// Reads the number of a challenge in a path.
pub(super) fn challenge_id(text: &str) -> Result<i64, Problem> {
    let none = || Problem::new(Code::NotFound).because(format!("there is no challenge {text}"));
    text.parse().map_err(|_| none())
}
