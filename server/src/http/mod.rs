//! The fronts: they parse a request, call the core, and render what it says. No decisions are made here.

mod body;
mod control;
mod error;
mod operations;
mod origin;
mod principal;
mod socket_io;
mod upload;

pub(crate) use control::PublicChallenges;
pub use error::ApiError;
pub use operations::{MetricsAudience, measure};
pub use origin::Proxies;
pub use principal::{Admin, Operator, Viewer};

use crate::core::{Accounts, Coordinator};
use crate::events::Entrance;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, Route, web};
use std::sync::Arc;

/// Adds every route.
pub fn routes(
    coordinator: Arc<Coordinator>,
    accounts: Arc<Accounts>,
    entrance: Entrance,
    proxies: Proxies,
    metrics: MetricsAudience,
) -> impl Fn(&mut web::ServiceConfig) + Clone {
    let (proxies, metrics) = (web::Data::new(proxies), web::Data::new(metrics));
    let requests = web::Data::new(operations::Requests::default());
    move |config| {
        config
            .app_data(web::Data::from(Arc::clone(&coordinator)))
            .app_data(web::Data::from(Arc::clone(&accounts)))
            .app_data(proxies.clone())
            .app_data(metrics.clone())
            .app_data(requests.clone())
            .configure(control::routes)
            .configure(operations::routes)
            .configure(|config| socket_io::routes(&entrance, config))
            .default_service(web::to(not_found));
    }
}

async fn not_found(request: HttpRequest) -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "not found").because(format!("there is nothing at {}", request.path()))
}

/// What a resource answers to every method but `allowed`.
fn other_methods(allowed: &'static str) -> Route {
    web::to(move |request: HttpRequest| async move {
        ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method not allowed")
            .because(format!("{} takes {allowed}, not {}", request.path(), request.method()))
            .allowing(allowed)
    })
}
