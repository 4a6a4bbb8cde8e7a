//! The descriptions of the APIs, an OpenAPI document for each front. Each is generated from the same table as the routes, so that every
//! route has a description and matches it.
//!
//! A new route takes three steps:
//!
//! 1. Its handler gets `#[utoipa::path(METHOD, path = "…", responses(…))]`: the answer on success, and those of the
//!    [`answers`] that its arguments do not describe, such as `Conflict`. The first line of its doc comment is the
//!    summary.
//! 2. The types of its body and answers derive `ToSchema`, those of its query `IntoParams`. Integrators read their doc
//!    comments.
//! 3. It is listed in a [`group!`], which makes the route, and in the authorisation matrix of the tests. Schemathesis
//!    then tests it (`tests/api/control/contract/fuzzing.rs`); if its random requests never succeed, add `examples(…)` to the
//!    type.
//!
//! Credentials, query, body, and the errors that come with them (400, 401, 403, 413, 415) are described by the types of
//! the handler's arguments (see [`Describe`]); the parameters of the path, and the 404 that comes with them, by the
//! path.

pub mod answers;
mod arguments;
mod document;
mod form;
pub mod pages;
mod parameters;
pub mod schemes;

pub use arguments::{About, Describe};
pub use document::{Front, document};
pub use form::ErrorForm;

use super::other_methods;
use actix_web::http::Method;
use actix_web::web::{self, ServiceConfig};
use actix_web::{FromRequest, Handler, Resource, Responder, Route};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;
use utoipa::openapi::path::{HttpMethod, Operation};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{OpenApi, RefOr, Schema};

/// Lists operations under one heading: `group!("Heading", "Description."; module: handler, handler; module: handler)`.
macro_rules! group {
    ($name:literal, $about:literal; $($module:ident: $($handler:ident),+);+ $(;)?) => {{
        let mut group = crate::http::openapi::Group::new($name, $about);
        $({
            #[derive(utoipa::OpenApi)]
            #[openapi(paths($($module::$handler),+))]
            struct Described;
            let mut described = <Described as utoipa::OpenApi>::openapi();
            $(group.add(&mut described, (stringify!($module), stringify!($handler)), $module::$handler);)+
            group.share(described);
        })+
        group
    }};
}
pub(crate) use group;

/// Types by name; the same may occur several times.
type Schemas = Vec<(String, RefOr<Schema>)>;

/// Operations under one heading.
pub struct Group {
    name: &'static str,
    about: &'static str,
    endpoints: Vec<Endpoint>,
    schemas: Schemas,
    form: ErrorForm,
    /// Whether its paths may end with a slash.
    slash: bool,
    /// Whether all its GETs may be asked for by HEAD.
    head: bool,
}

struct Endpoint {
    path: String,
    method: HttpMethod,
    operation: Operation,
    route: Route,
    /// The route of HEAD, if it is a GET.
    head: Option<Route>,
    /// Whether it needs no credentials: HEAD is what probes send. Other GETs may have effects: a poll hands out work.
    is_open: bool,
}

impl Group {
    pub fn new(name: &'static str, about: &'static str) -> Self {
        Self {
            name,
            about,
            endpoints: Vec::new(),
            schemas: Schemas::new(),
            form: ErrorForm::CONTROL,
            slash: false,
            head: false,
        }
    }

    /// Describes the errors of these operations in another form.
    pub fn failing_as(self, form: ErrorForm) -> Self {
        Self { form, ..self }
    }

    /// Lets paths end with a slash, without a redirection: a redirected POST loses its body.
    pub fn with_slash(self) -> Self {
        Self { slash: true, ..self }
    }

    /// Lets all GETs be asked for by HEAD: none of them has effects.
    pub fn with_head(self) -> Self {
        Self { head: true, ..self }
    }

    /// Adds a handler with its description.
    pub fn add<F, Arguments>(&mut self, described: &mut OpenApi, (module, name): (&str, &str), handler: F)
    where
        F: Handler<Arguments, Output: Responder + 'static>,
        Arguments: FromRequest + Describe + 'static,
    {
        // The macro names both after the handler.
        let Some((path, method, mut operation)) = take(described, name) else { return };
        operation.operation_id = Some(format!("{module}_{name}"));
        operation.tags = Some(vec![self.name.to_owned()]);
        let mut about = About::new(&path, &method, operation);
        Arguments::describe(&mut about);
        let (operation, schemas) = about.finish();
        self.schemas.extend(schemas);
        let is_open = operation.security.as_ref().is_some_and(|it| is_optional(it));
        let head = (method == HttpMethod::Get).then(|| web::head().to(handler.clone()));
        let route = web::method(actix_method(&method)).to(handler);
        self.endpoints.push(Endpoint { path, method, operation, route, head, is_open });
    }

    /// Describes a type that no operation answers, such as what is sent over Socket.IO.
    pub fn describing<T: ToSchema>(mut self) -> Self {
        T::schemas(&mut self.schemas);
        self.schemas.push((T::name().into_owned(), T::schema()));
        self
    }

    /// Adds the types that descriptions refer to.
    pub fn share(&mut self, described: OpenApi) {
        self.schemas.extend(described.components.unwrap_or_default().schemas);
    }
}

/// The requests that every runner repeats. The router tries one path after the other, those with parameters as regular
/// expressions, which took 15 % of the CPU time of a server with 10,000 runners; so these come first.
const FREQUENT: [&str; 2] = ["/api/runners/{runner_id}/task", "/api/runners/{runner_id}/heartbeat"];

/// Adds the routes of all operations.
pub fn routes(groups: Vec<Group>, config: &mut ServiceConfig) {
    let mut resources: BTreeMap<String, Vec<Endpoint>> = BTreeMap::new();
    let mut slashed = BTreeSet::new();
    for group in groups {
        for mut endpoint in group.endpoints {
            endpoint.head = endpoint.head.filter(|_| group.head || endpoint.is_open);
            slashed.extend(group.slash.then(|| endpoint.path.clone()));
            resources.entry(endpoint.path.clone()).or_default().push(endpoint);
        }
    }
    // The first match is used. '{' sorts after all letters, so `/a/import` comes before `/a/{id}`.
    let frequent: Vec<_> = FREQUENT.iter().filter_map(|path| resources.remove_entry(*path)).collect();
    for (path, endpoints) in frequent.into_iter().chain(resources) {
        let mut methods: Vec<_> = endpoints.iter().map(|endpoint| actix_method(&endpoint.method).to_string()).collect();
        methods.extend(endpoints.iter().find(|endpoint| endpoint.head.is_some()).map(|_| Method::HEAD.to_string()));
        let routes = endpoints.into_iter().flat_map(|endpoint| [Some(endpoint.route), endpoint.head]).flatten();
        let also = slashed.contains(&path).then(|| format!("{path}/"));
        let paths: Vec<String> = std::iter::once(path).chain(also).collect();
        let resource = routes.fold(web::resource(paths), Resource::route);
        config.service(resource.default_service(other_methods(methods.join(", "))));
    }
}

fn take(described: &mut OpenApi, handler: &str) -> Option<(String, HttpMethod, Operation)> {
    described.paths.paths.iter_mut().find_map(|(path, item)| {
        let operations = [
            (&mut item.get, HttpMethod::Get),
            (&mut item.post, HttpMethod::Post),
            (&mut item.put, HttpMethod::Put),
            (&mut item.delete, HttpMethod::Delete),
            (&mut item.patch, HttpMethod::Patch),
        ];
        operations.into_iter().find_map(|(operation, method)| {
            let found = operation.take_if(|operation| operation.operation_id.as_deref() == Some(handler))?;
            Some((path.clone(), method, found))
        })
    })
}

/// Returns whether an operation needs no credentials: none are described, or none is one of the choices.
fn is_optional(security: &[SecurityRequirement]) -> bool {
    security.is_empty() || security.contains(&SecurityRequirement::default())
}

fn actix_method(method: &HttpMethod) -> Method {
    match method {
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Delete => Method::DELETE,
        HttpMethod::Patch => Method::PATCH,
        _ => Method::GET,
    }
}
