//! Secrets of challenges, for admins.

use crate::http::extract::body::{Json, With};
use crate::http::fronts::control::done;
use crate::http::openapi::answers::{Conflict, Done, Missing};
use crate::http::state::Shared;
use crate::http::{Admin, Operator, Problem};
use actix_web::{HttpResponse, web};
use challengectl_common::Timestamp;
use challengectl_coordinator::Coordinator;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
struct Secrets {
    secrets: Vec<SecretView>,
}

/// A secret, whose value is never shown.
#[derive(Serialize, ToSchema)]
#[schema(as = Secret)]
struct SecretView {
    name: String,
    updated_at: Timestamp,
    /// The challenges whose instances get it.
    used_by: Vec<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SecretForm)]
pub struct Form {
    #[schema(min_length = 1, max_length = 30_000)]
    value: String,
}

/// List the secrets, without their values.
#[utoipa::path(get, path = "/api/secrets", responses((status = OK, body = Secrets)))]
pub async fn list(_: Operator, coordinator: Shared<Coordinator>) -> Result<HttpResponse, Problem> {
    let all = coordinator.instances.secrets().await?.into_iter();
    let secrets = all.map(|it| SecretView { name: it.name, updated_at: it.updated_at, used_by: it.used_by }).collect();
    Ok(HttpResponse::Ok().json(Secrets { secrets }))
}

/// Set a secret.
///
/// Instances that are started from then on get it.
#[utoipa::path(put, path = "/api/secrets/{name}", responses(Done))]
pub async fn set(
    With(Admin(person), Json(form)): With<Admin, Json<Form>>,
    name: web::Path<String>,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    coordinator.instances.put_secret(name.into_inner(), &form.value, person.actor()).await?;
    Ok(done("Secret set successfully"))
}

/// Delete a secret that no challenge uses.
#[utoipa::path(delete, path = "/api/secrets/{name}", responses(Done, Missing, Conflict))]
pub async fn delete(
    Admin(person): Admin,
    name: web::Path<String>,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    coordinator.instances.delete_secret(name.into_inner(), person.actor()).await?;
    Ok(done("Secret deleted successfully"))
}
