//! What those who keep the server running ask it.

mod health;
mod ready;

pub use health::health;

use super::other_methods;
use actix_web::web::{ServiceConfig, get, resource};

/// Adds the routes of operations.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/health").route(get().to(health)).default_service(other_methods("GET")))
        .service(resource("/ready").route(get().to(ready::ready)).default_service(other_methods("GET")));
}
