//! The HTTP side: parses a request, calls the coordinator, and renders the result. It decides nothing.

mod counts;
mod cross_site;
mod dashboard;
pub mod envelope;
mod extract;
mod fronts;
mod headers;
mod openapi;
mod operations;
mod problem;
mod socket_io;
mod state;
mod upload;

pub use counts::MetricsAudience;
pub use extract::body::Json;
pub use extract::origin::{Ingress, Proxies};
pub use extract::principal::{Admin, Operator, Viewer};
pub use extract::rate_limits::Anybody;
pub use fronts::control::dashboard_state;
pub use headers::protect;
pub use operations::measure;
pub use problem::{Code, Problem};
pub use state::State;

use actix_web::middleware::from_fn;
use actix_web::{HttpRequest, Route, web};
use openapi::{Group, group, pages};
use std::future::ready;
use utoipa::openapi::OpenApi;

/// Adds every route. The control API's envelope renders the problems also of what belongs to no front.
pub fn routes(state: State) -> impl Fn(&mut web::ServiceConfig) + Clone {
    let state = web::Data::new(state);
    move |config| {
        let all = web::scope("")
            .configure(|config| openapi::routes(groups(), config))
            .configure(pages::routes)
            .configure(dashboard::routes)
            .configure(socket_io::routes)
            .default_service(web::to(not_found))
            .wrap(from_fn(cross_site::refuse))
            .wrap(from_fn(envelope::of(fronts::control::envelope::render)));
        config.app_data(state.clone()).service(all);
    }
}

/// All operations, in the order in which people look for them.
fn groups() -> Vec<Group> {
    let pages = group!("Description", "This description of the API."; pages: openapi);
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

/// What a front answers to a path that it does not have.
pub async fn not_found(request: HttpRequest) -> Problem {
    Problem::nothing_at(&request)
}

/// What a resource answers to every method but `allowed`.
pub fn other_methods(allowed: impl Into<String>) -> Route {
    let allowed = allowed.into();
    web::to(move |request: HttpRequest| ready(Problem::method_not_allowed(&request, &allowed)))
}
