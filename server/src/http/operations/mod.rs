//! What those who keep the server running ask it.

mod exposition;
mod health;
mod metrics;
mod ready;
mod requests;

pub use metrics::MetricsAudience;
pub use requests::{Requests, measure};

use super::openapi::{Group, group};

/// Everything that operations offer.
pub fn groups() -> Vec<Group> {
    vec![group!(
        "Operations", "For those who keep the server running.";
        health: health, api_health; ready: ready; metrics: metrics
    )]
}
