//! A whole document.

use super::{ErrorForm, Group, answers};
use challengectl_common::wire::Acknowledgement;
use utoipa::openapi::path::Paths;
use utoipa::openapi::security::SecurityScheme;
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{Components, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Response};
use utoipa::{PartialSchema, ToSchema};

/// What a document says of its front, beside the operations.
pub struct Front {
    pub title: &'static str,
    pub about: &'static str,
    /// By their names.
    pub credentials: Vec<(&'static str, SecurityScheme)>,
}

/// Describes all operations of a front.
pub fn document(front: Front, groups: Vec<Group>) -> OpenApi {
    let mut components = Components::new();
    components.schemas.insert(Acknowledgement::name().into_owned(), Acknowledgement::schema());
    for (name, scheme) in front.credentials {
        components.add_security_scheme(name, scheme);
    }
    let (mut paths, mut tags) = (Paths::new(), Vec::new());
    for group in groups {
        tags.push(TagBuilder::new().name(group.name).description(Some(group.about)).build());
        add_errors(&group.form, &mut components);
        for (name, schema) in group.schemas {
            let before = components.schemas.insert(name.clone(), schema.clone());
            debug_assert!(
                before.is_none_or(|it| it == schema),
                "two types are named {name}: rename one with `schema(as = …)`"
            );
        }
        for mut endpoint in group.endpoints {
            for (status, response) in &mut endpoint.operation.responses.responses {
                match response {
                    RefOr::Ref(shared) => take_form(&group.form, shared),
                    RefOr::T(response) => name_status(status, response),
                }
            }
            paths.add_path_operation(endpoint.path, vec![endpoint.method], endpoint.operation);
        }
    }
    let license = LicenseBuilder::new().name("MIT OR Apache-2.0").identifier(Some("MIT OR Apache-2.0")).build();
    let info = InfoBuilder::new().title(front.title).version(env!("CARGO_PKG_VERSION"));
    let info = info.description(Some(front.about)).license(Some(license)).build();
    OpenApiBuilder::new().info(info).paths(paths).components(Some(components)).tags(Some(tags)).build()
}

/// Adds the shared answers with errors in this form.
fn add_errors(form: &ErrorForm, components: &mut Components) {
    components.schemas.extend(form.schemas());
    components.responses.extend(answers::all(form).into_iter().map(|(name, response)| (name, response.into())));
}

/// Refers to the shared answer in this form.
fn take_form(form: &ErrorForm, shared: &mut Ref) {
    if let Some((place, name)) = shared.ref_location.rsplit_once('/') {
        shared.ref_location = format!("{place}/{}", form.name_of(name));
    }
}

/// Fills in the required description of an answer with the reason phrase of its status.
fn name_status(status: &str, response: &mut Response) {
    if response.description.is_empty() {
        let status = actix_web::http::StatusCode::from_bytes(status.as_bytes()).ok();
        response.description = status.and_then(|status| status.canonical_reason()).unwrap_or("An answer").to_owned();
    }
}
