//! Runners, their keys, and how they become runners.

pub mod keys;
pub mod provisioning;
pub mod roster;
pub mod runners;
pub mod tokens;
