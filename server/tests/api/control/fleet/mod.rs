//! Runners: how hosts become one, their requests, and what operators see of them.

mod binding;
mod enrollment;
mod polling;
mod provisioning;
mod roster;
mod runners;
