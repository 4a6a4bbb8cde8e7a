//! Descriptions of an operation by the arguments of its handler.

use super::answers::{Forbidden, Invalid, Missing, TooLarge, TooMany, Unauthorized, Unsupported};
use super::schemes::{BEARER, KEY, PLAYER, PROVISIONING_BEARER, PROVISIONING_KEY, SESSION};
use super::{Schemas, parameters};
use crate::http::extract::anybody::Anybody;
use crate::http::extract::body::{Json, OptionalJson, With};
use crate::http::extract::echo::{Echo, ReadOnly};
use crate::http::extract::player::Player;
use crate::http::extract::principal::{Master, Provisioner, Runner};
use crate::http::extract::principal::{Stopper, Watcher};
use crate::http::extract::query::Query;
use crate::http::state::Shared;
use crate::http::{Admin, Operator, Problem, Viewer};
use actix_web::{HttpRequest, web};
use challengectl_coordinator::Role;
use std::borrow::Cow;
use utoipa::openapi::path::{HttpMethod, Operation, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Required};
use utoipa::{IntoParams, IntoResponses, ToSchema};

/// The description of an operation, under construction.
pub struct About {
    operation: Operation,
    schemas: Schemas,
}

impl About {
    pub fn new(path: &str, method: &HttpMethod, mut operation: Operation) -> Self {
        // An empty list means no credentials, unlike none.
        operation.security = Some(Vec::new());
        let in_path = parameters::of(path);
        let known = operation.parameters.get_or_insert_default();
        let has_parameters = !in_path.is_empty();
        known.extend(in_path.into_iter().map(RefOr::T));
        let mut about = Self { operation, schemas: Schemas::new() };
        if !matches!(method, HttpMethod::Get) {
            // For cross-site requests.
            about.answers::<Forbidden>();
        }
        if has_parameters {
            about.answers::<Missing>();
        }
        about
    }

    pub fn finish(self) -> (Operation, Schemas) {
        (self.operation, self.schemas)
    }

    /// Adds an answer, unless the handler describes it.
    pub fn answers<R: IntoResponses>(&mut self) {
        for (status, response) in R::responses() {
            self.operation.responses.responses.entry(status).or_insert(response);
        }
    }

    fn takes<T: ToSchema>(&mut self, required: Required) {
        T::schemas(&mut self.schemas);
        self.schemas.push((T::name().into_owned(), T::schema()));
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(T::name()))).build();
        let body = RequestBodyBuilder::new().content("application/json", content).required(Some(required));
        self.operation.request_body = Some(body.build().into());
        self.answers::<Invalid>();
        self.answers::<TooLarge>();
        self.answers::<Unsupported>();
    }

    fn takes_query<T: IntoParams>(&mut self) {
        self.takes_query_as::<T, Invalid>();
    }

    /// Takes the values of a query, with this answer for those that are invalid.
    pub fn takes_query_as<T: IntoParams, R: IntoResponses>(&mut self) {
        let values = T::into_params(|| Some(ParameterIn::Query));
        self.operation.parameters.get_or_insert_default().extend(values.into_iter().map(RefOr::T));
        self.answers::<R>();
    }

    fn requires(&mut self, least: Role) {
        self.operation.security = Some(vec![SecurityRequirement::new(SESSION, [""; 0])]);
        self.answers::<Unauthorized>();
        if least > Role::Viewer {
            self.answers::<Forbidden>();
        }
        let whom = match least {
            Role::Viewer => Cow::Borrowed("Requires a login of any role."),
            least => format!("Requires the role {least}.").into(),
        };
        self.remark(&whom);
    }

    fn requires_key<const N: usize>(&mut self, schemes: [&str; N]) {
        let needs = schemes.map(|scheme| SecurityRequirement::new(scheme, [""; 0]));
        self.operation.security = Some(needs.into());
        self.answers::<Unauthorized>();
    }

    /// Requires any of these credentials.
    pub fn needs(&mut self, schemes: &[&str]) {
        let needs = schemes.iter().map(|scheme| SecurityRequirement::new(*scheme, [""; 0]));
        self.operation.security = Some(needs.collect());
        self.answers::<Unauthorized>();
    }

    /// Accepts requests with any of these credentials, and without one.
    pub fn accepts(&mut self, schemes: &[&str]) {
        let any = schemes.iter().map(|scheme| SecurityRequirement::new(*scheme, [""; 0]));
        self.operation.security = Some(std::iter::once(SecurityRequirement::default()).chain(any).collect());
        self.answers::<Unauthorized>();
    }

    /// Adds a sentence to the description.
    pub fn remark(&mut self, text: &str) {
        let description = self.operation.description.take().filter(|it| !it.is_empty());
        self.operation.description = Some(description.map_or(text.to_owned(), |it| format!("{it}\n\n{text}")));
    }
}

/// An argument of a handler, or all its arguments.
pub trait Describe {
    /// Adds the argument's part to the description; by default nothing.
    fn describe(_: &mut About) {}
}

impl<T> Describe for Shared<T> {}
impl<T: ?Sized> Describe for web::Data<T> {}
impl Describe for web::Path<String> {}
impl Describe for web::Path<(String, String)> {}
impl Describe for web::Payload {}
impl Describe for HttpRequest {}

impl Describe for Anybody {
    fn describe(about: &mut About) {
        about.answers::<TooMany>();
    }
}

impl Describe for Viewer {
    fn describe(about: &mut About) {
        about.requires(Role::Viewer);
    }
}

impl Describe for Watcher {
    fn describe(about: &mut About) {
        about.requires(Role::Viewer);
    }
}

impl Describe for Operator {
    fn describe(about: &mut About) {
        about.requires(Role::Operator);
    }
}

impl Describe for Stopper {
    fn describe(about: &mut About) {
        about.requires(Role::Operator);
    }
}

impl Describe for Admin {
    fn describe(about: &mut About) {
        about.requires(Role::Admin);
    }
}

impl Describe for Master {
    fn describe(about: &mut About) {
        about.requires(Role::Master);
    }
}

impl Describe for Runner {
    fn describe(about: &mut About) {
        about.requires_key([KEY, BEARER]);
        // Even if the path names no runner, since the key may be bound to another machine.
        about.answers::<Forbidden>();
        about.answers::<TooMany>();
        about.remark("For runners.");
    }
}

impl Describe for Player {
    fn describe(about: &mut About) {
        about.requires_key([PLAYER]);
        about.answers::<Forbidden>();
        about.answers::<TooMany>();
        about.remark("For players.");
    }
}

impl Describe for Provisioner {
    fn describe(about: &mut About) {
        about.requires_key([PROVISIONING_KEY, PROVISIONING_BEARER]);
        about.answers::<TooMany>();
        about.remark("For programs that set up runners.");
    }
}

impl<T: ToSchema, const MAX: usize> Describe for Json<T, MAX> {
    fn describe(about: &mut About) {
        about.takes::<T>(Required::True);
    }
}

impl<T: ToSchema + ReadOnly> Describe for Echo<T> {
    fn describe(about: &mut About) {
        about.takes::<T>(Required::True);
        let fields = T::FIELDS.iter().map(|field| format!("`{field}`")).collect::<Vec<_>>().join(", ");
        about.remark(&format!("Also accepts these read-only fields, unchanged from `GET`: {fields}."));
    }
}

impl<T: ToSchema> Describe for OptionalJson<T> {
    fn describe(about: &mut About) {
        about.takes::<T>(Required::False);
    }
}

impl<T: IntoParams> Describe for Query<T> {
    fn describe(about: &mut About) {
        about.takes_query::<T>();
    }
}

impl<P: Describe, B: Describe> Describe for With<P, B> {
    fn describe(about: &mut About) {
        P::describe(about);
        B::describe(about);
    }
}

impl<T: Describe> Describe for Result<T, Problem> {
    fn describe(about: &mut About) {
        T::describe(about);
    }
}

macro_rules! together {
    ($(($($argument:ident),*))+) => {$(
        impl<$($argument: Describe),*> Describe for ($($argument,)*) {
            fn describe(_about: &mut About) {
                $($argument::describe(_about);)*
            }
        }
    )+};
}

together!(()(A)(A, B)(A, B, C)(A, B, C, D)(A, B, C, D, E));
