//! Assignments, transmissions, late reports and the operators' decisions.

pub mod assignments;
pub mod control;
pub mod reports;
pub mod transmissions;
