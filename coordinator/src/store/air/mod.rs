//! Assignments, transmissions, reports, and what holds the system back.

pub mod assignments;
pub mod control;
pub mod reports;
pub mod transmissions;
