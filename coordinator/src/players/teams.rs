//! Names of teams.

use crate::CoreError;
use crate::looks::shape;
use challengectl_common::TeamName;

/// Returns what a team's name looks like: two teams of one look could be taken for each other.
pub(super) fn look(name: &TeamName) -> String {
    shape(name.as_str())
}

pub(super) fn taken(name: &TeamName) -> CoreError {
    CoreError::Conflict(format!("name: there is a team {name}, or one whose name looks like it; choose another"))
}
