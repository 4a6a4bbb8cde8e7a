//! The fronts: they parse a request, call the core, and render what it says. No decisions are made here.

mod cross_site;
mod extract;
mod fronts;
mod headers;
mod openapi;
mod operations;
mod problem;
mod socket_io;
mod upload;

pub use cross_site::refuse as refuse_cross_site;
pub use extract::origin::{OverTls, Proxies};
pub use extract::principal::{Admin, Operator, Viewer};
pub(crate) use fronts::control::PublicChallenges;
pub use headers::protect;
pub use operations::{MetricsAudience, measure};
pub use problem::ApiError;

use crate::events::Entrance;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, Route, web};
use challengectl_coordinator::{Accounts, Coordinator};
use openapi::{Group, group, pages};
use std::sync::Arc;
use utoipa::openapi::OpenApi;

/// Adds every route.
pub fn routes(
    coordinator: Arc<Coordinator>,
    accounts: Arc<Accounts>,
    entrance: Entrance,
    proxies: Proxies,
    over_tls: OverTls,
    metrics: MetricsAudience,
) -> impl Fn(&mut web::ServiceConfig) + Clone {
    let (proxies, over_tls, metrics) = (web::Data::new(proxies), web::Data::new(over_tls), web::Data::new(metrics));
    let requests = web::Data::new(operations::Requests::default());
    let bounds = web::Data::new(extract::rate_limits::Bounds::default());
    move |config| {
        config
            .app_data(web::Data::from(Arc::clone(&coordinator)))
            .app_data(web::Data::from(Arc::clone(&accounts)))
            .app_data(proxies.clone())
            .app_data(over_tls.clone())
            .app_data(metrics.clone())
            .app_data(requests.clone())
            .app_data(bounds.clone())
            .configure(|config| openapi::routes(groups(), config))
            .configure(pages::routes)
            .configure(|config| socket_io::routes(&entrance, config))
            .default_service(web::to(not_found));
    }
}

/// All operations, in the order in which people look for them.
fn groups() -> Vec<Group> {
    let pages = group!("Description", "What there is."; pages: openapi);
    let mut groups = fronts::control::groups();
    groups.extend(operations::groups());
    groups.push(pages);
    groups
}

/// What clients can ask for, for people and for programs that make clients.
#[must_use]
pub fn document() -> OpenApi {
    openapi::document(groups())
}

async fn not_found(request: HttpRequest) -> ApiError {
    nothing_at(&request)
}

fn nothing_at(request: &HttpRequest) -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "not found").because(format!("there is nothing at {}", request.path()))
}

/// What a resource answers to every method but `allowed`.
fn other_methods(allowed: impl Into<String>) -> Route {
    let allowed = allowed.into();
    web::to(move |request: HttpRequest| {
        let allowed = allowed.clone();
        async move {
            ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method not allowed")
                .because(format!("{} takes {allowed}, not {}", request.path(), request.method()))
                .allowing(&allowed)
        }
    })
}
