//! The HTTP side: parses requests, calls the coordinator, and renders results. It makes no decisions.

mod counts;
mod cross_site;
mod dashboard;
pub mod envelope;
mod extract;
mod fronts;
mod headers;
mod ingress;
mod openapi;
mod operations;
mod problem;
mod rate_limits;
mod receiver;
mod socket_io;
mod state;
mod upload;

pub use counts::MetricsAudience;
pub use extract::anybody::Anybody;
pub use extract::body::Json;
pub use extract::principal::{Admin, Operator, Viewer};
pub use fronts::control::dashboard_state;
pub use fronts::{docker, engine, pacstar, sessions};
pub use headers::protect;
pub use ingress::{Ingress, Proxies};
pub use operations::measure;
pub use problem::{Code, Problem};
pub use receiver::Receiver;
pub use state::{Components, State};

use actix_web::middleware::from_fn;
use actix_web::{HttpRequest, HttpResponse, Route, web};
use openapi::{Group, group, pages};
use std::collections::BTreeMap;
use std::future::ready;
use utoipa::openapi::OpenApi;

/// Adds every route. Problems are rendered in the form of the front that the path belongs to.
pub fn routes(state: web::Data<State>, receiver: Receiver) -> impl Fn(&mut web::ServiceConfig) + Clone {
    let receiver = web::Data::new(receiver);
    move |config| {
        let all = web::scope("")
            .configure(|config| openapi::routes(all_groups(), config))
            .configure(sessions::proxy_routes)
            .configure(fronts::control::connections::routes)
            .configure(pages::routes)
            .configure(dashboard::routes)
            .configure(socket_io::routes)
            .configure(receiver::routes)
            .default_service(web::to(not_found))
            .wrap(from_fn(cross_site::refuse))
            .wrap(from_fn(envelope::of(render)));
        config.app_data(state.clone()).app_data(receiver.clone()).service(all);
    }
}

/// All operations of the main listener.
fn all_groups() -> Vec<Group> {
    groups().into_iter().chain(docker::groups()).chain(sessions::groups()).collect()
}

/// All operations of the control API, in the order of the documentation.
fn groups() -> Vec<Group> {
    let pages = group!("Description", "This description of the API."; pages: openapi);
    let mut groups = fronts::control::groups();
    groups.extend(fronts::play::groups());
    groups.extend(operations::groups());
    groups.push(pages);
    groups
}

/// Renders a problem in the form of the front that the path belongs to.
fn render(path: &str, problem: &Problem) -> HttpResponse {
    if docker::owns(path) {
        return docker::render(problem);
    }
    let render = if sessions::owns(path) { sessions::envelope::render } else { fronts::control::envelope::render };
    render(path, problem)
}

/// Returns the OpenAPI document of the control API.
#[must_use]
pub fn document() -> OpenApi {
    openapi::document(fronts::control::front(), groups())
}

/// Returns the OpenAPI documents of all fronts, by their names.
#[must_use]
pub fn documents() -> BTreeMap<&'static str, OpenApi> {
    BTreeMap::from([
        ("control", document()),
        ("docker", docker::document()),
        ("engine", engine::document()),
        ("pacstar", pacstar::document()),
        ("sessions", sessions::document()),
    ])
}

/// Answers a request for an unknown path.
pub async fn not_found(request: HttpRequest) -> Problem {
    Problem::nothing_at(&request)
}

/// Answers every method of a resource except `allowed`.
pub fn other_methods(allowed: impl Into<String>) -> Route {
    let allowed = allowed.into();
    web::to(move |request: HttpRequest| ready(Problem::method_not_allowed(&request, &allowed)))
}
