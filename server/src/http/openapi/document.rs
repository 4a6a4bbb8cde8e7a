//! The whole document.

use super::{Group, answers, arguments};
use challengectl_common::wire::{Acknowledgement, ErrorBody};
use utoipa::openapi::path::Paths;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{Components, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, RefOr};
use utoipa::{PartialSchema, ToSchema};

const ABOUT: &str = "\
The control API of a ChallengeCtl server, for runners, operators and the public page.

Every error has the same form: `error` is one of a closed set of codes; `details` give the place, the cause and the \
way out. Any operation can also answer 500, if the server's disk or database fails, and 503, while it stops, both in \
that form. A method that a path does not support is answered with 405 and `Allow`.

A state-changing request that a browser sends for a page of another site, according to the headers `Sec-Fetch-Site` \
and `Origin`, is refused with 403. Other programs need not send these headers.";

/// Describes all operations.
pub fn document(groups: Vec<Group>) -> OpenApi {
    let mut components = components();
    let (mut paths, mut tags) = (Paths::new(), Vec::new());
    for group in groups {
        tags.push(TagBuilder::new().name(group.name).description(Some(group.about)).build());
        for (name, schema) in group.schemas {
            let before = components.schemas.insert(name.clone(), schema.clone());
            debug_assert!(
                before.is_none_or(|it| it == schema),
                "two types are named {name}: rename one with `schema(as = …)`"
            );
        }
        for mut endpoint in group.endpoints {
            for (status, response) in &mut endpoint.operation.responses.responses {
                name_status(status, response);
            }
            paths.add_path_operation(endpoint.path, vec![endpoint.method], endpoint.operation);
        }
    }
    let license = LicenseBuilder::new().name("MIT OR Apache-2.0").identifier(Some("MIT OR Apache-2.0")).build();
    let info = InfoBuilder::new().title("ChallengeCtl").version(env!("CARGO_PKG_VERSION"));
    let info = info.description(Some(ABOUT)).license(Some(license)).build();
    OpenApiBuilder::new().info(info).paths(paths).components(Some(components)).tags(Some(tags)).build()
}

/// Fills in the required description of an answer with the reason phrase of its status.
fn name_status(status: &str, response: &mut RefOr<utoipa::openapi::Response>) {
    let RefOr::T(response) = response else { return };
    if response.description.is_empty() {
        let status = actix_web::http::StatusCode::from_bytes(status.as_bytes()).ok();
        response.description = status.and_then(|status| status.canonical_reason()).unwrap_or("An answer").to_owned();
    }
}

fn components() -> Components {
    let mut components = Components::new();
    components.schemas.insert(ErrorBody::name().into_owned(), ErrorBody::schema());
    components.schemas.insert(Acknowledgement::name().into_owned(), Acknowledgement::schema());
    for (name, response) in answers::all() {
        components.responses.insert(name.to_owned(), response.into());
    }
    let session = ApiKeyValue::with_description("session", "Set by POST /api/auth/verify-totp at login.");
    let keys = [
        (arguments::KEY, arguments::BEARER, "The key of a runner, which POST /api/enrollment/enroll answers."),
        (
            arguments::PROVISIONING_KEY,
            arguments::PROVISIONING_BEARER,
            "A provisioning key, which POST /api/provisioning/keys answers.",
        ),
    ];
    for (key, bearer, about) in keys {
        let header = SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description("X-API-Key", about)));
        components.add_security_scheme(key, header);
        let http = Http::builder().scheme(HttpAuthScheme::Bearer).description(Some(about)).build();
        components.add_security_scheme(bearer, SecurityScheme::Http(http));
    }
    let about = "An access token, which POST /api/play/login answers, or a personal token of POST /api/play/tokens. \
                 Authorization: Token is accepted as well.";
    let player = Http::builder().scheme(HttpAuthScheme::Bearer).description(Some(about)).build();
    components.add_security_scheme(arguments::PLAYER, SecurityScheme::Http(player));
    components.add_security_scheme(arguments::SESSION, SecurityScheme::ApiKey(ApiKey::Cookie(session)));
    components
}
