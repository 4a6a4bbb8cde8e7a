//! Health, readiness and metrics.

mod exposition;
mod health;
mod metrics;
mod ready;
mod requests;

pub use requests::measure;

use super::openapi::{Group, group};

/// The operations for administrators of the server.
pub fn groups() -> Vec<Group> {
    vec![group!(
        "Operations", "Health, readiness and metrics of the server.";
        health: health, api_health; ready: ready; metrics: metrics
    )]
}
