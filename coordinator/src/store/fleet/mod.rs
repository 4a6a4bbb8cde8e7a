//! Runners, their keys, and enrollment.

pub mod keys;
pub mod provisioning;
pub mod roster;
pub mod runners;
pub mod tokens;
