//! What those who keep the server running ask it.

mod health;
mod metrics;
mod ready;
mod requests;

pub use health::health;
pub use metrics::MetricsAudience;
pub use requests::{Requests, measure};

use super::other_methods;
use actix_web::web::{ServiceConfig, get, resource};

/// Adds the routes of operations.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/health").route(get().to(health)).default_service(other_methods("GET")))
        .service(resource("/metrics").route(get().to(metrics::metrics)).default_service(other_methods("GET")))
        .service(resource("/ready").route(get().to(ready::ready)).default_service(other_methods("GET")));
}
