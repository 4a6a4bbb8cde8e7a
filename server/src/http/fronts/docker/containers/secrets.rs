//! Secrets of services.

use crate::http::Problem;
use crate::http::extract::body::With;
use crate::http::extract::origin;
use crate::http::fronts::docker::body::Body;
use crate::http::fronts::docker::envelope::Data;
use crate::http::fronts::docker::principal::Organiser;
use crate::http::fronts::docker::renamed;
use crate::http::openapi::answers::{Conflict, Invalid};
use crate::http::problem::Code;
use crate::http::state::Shared;
use actix_web::web::{self, Json};
use actix_web::{HttpRequest, HttpResponse};
use challengectl_coordinator::{Coordinator, CoreError};
use serde::Serialize;
use utoipa::ToSchema;

/// A secret, without its value.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerSecret)]
pub struct SecretView {
    pub id: String,
    pub name: String,
}

/// The secrets.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerSecrets)]
pub struct SecretList {
    /// Always true.
    pub success: bool,
    pub data: Vec<SecretView>,
    /// Whether an engine manages a swarm; if none does, no secret is listed.
    pub swarm_mode: bool,
}

/// A secret.
#[derive(ToSchema)]
#[schema(as = DockerSecretForm, examples(json!({"name": "db_password", "data": "correct horse"})))]
#[expect(dead_code, reason = "described here, read by `Fields`")]
pub struct SecretForm {
    #[schema(pattern = "^[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}$")]
    name: String,
    /// Blanks around it do not count.
    #[schema(pattern = "\\S", max_length = 512_000)]
    data: String,
}

/// A secret was deleted.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerSecretDeleted)]
pub struct SecretDeleted {
    /// Always true.
    pub success: bool,
    pub message: &'static str,
}

/// What came of deleting all secrets.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerSecretsDeleted)]
pub struct SecretsDeleted {
    /// Whether all are deleted.
    pub success: bool,
    pub deleted: usize,
    pub failed: usize,
    pub errors: Vec<String>,
}

/// The document's words for a transport that others can read.
const INSECURE: &str =
    "Secure transport required. Both HTTPS (browser) and Docker TLS must be enabled to transmit secrets safely.";

/// List the secrets, without their values.
#[utoipa::path(get, path = "/api/v1/secret", responses((status = OK, body = SecretList)))]
pub async fn list(_: Organiser, coordinator: Shared<Coordinator>) -> Result<Json<SecretList>, Problem> {
    let swarm_mode = coordinator.instances.stock().await?.is_some_and(|stock| stock.has_swarm);
    let secrets = if swarm_mode { coordinator.instances.secrets().await? } else { Vec::new() };
    let data = secrets.into_iter().map(|it| SecretView { id: it.id, name: it.name }).collect();
    Ok(Json(SecretList { success: true, data, swarm_mode }))
}

/// Create a secret.
///
/// Only over HTTPS, and when all engines that could get it are reached over TLS.
#[utoipa::path(
    post, path = "/api/v1/secret", request_body = SecretForm,
    responses((status = CREATED, body = Data<SecretView>), Conflict)
)]
pub async fn create(
    With(Organiser(person), Body(fields)): With<Organiser, Body>,
    coordinator: Shared<Coordinator>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let name = fields.needed("name")?.trim().to_owned();
    let data = fields.needed("data")?.trim();
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if !name.bytes().all(is_allowed) {
        return Err(Problem::invalid("name: only letters, digits, '.', '_' and '-'"));
    }
    let stock = coordinator.instances.stock().await?.unwrap_or_default();
    if !origin::is_secure(&request) || (stock.has_swarm && !stock.is_secure) {
        return Err(Problem::invalid(INSECURE));
    }
    if !stock.has_swarm {
        return Err(Problem::invalid("Docker is not in swarm mode"));
    }
    let id = coordinator.instances.add_secret(name.clone(), data, person.actor()).await?;
    Ok(HttpResponse::Created().json(Data::new(SecretView { id, name })))
}

/// Delete a secret that no running service uses.
#[utoipa::path(
    delete, path = "/api/v1/secret/{secret_id}", responses((status = OK, body = SecretDeleted), Invalid, Conflict)
)]
pub async fn delete(
    Organiser(person): Organiser,
    secret_id: web::Path<String>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<SecretDeleted>, Problem> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if secret_id.is_empty() || !secret_id.bytes().all(is_allowed) {
        return Err(Problem::invalid("Invalid secret ID format"));
    }
    let all = coordinator.instances.secrets().await?;
    let name = all.into_iter().find(|it| it.id == *secret_id).map(|it| it.name).unwrap_or_default();
    let deleted = coordinator.instances.delete_secret_by_id(&secret_id, person.actor()).await;
    deleted.map_err(|error| match error {
        CoreError::Conflict(_) => {
            Problem::new(Code::Conflict).because(format!("Cannot delete secret '{name}' - in use"))
        }
        error => renamed("Secret")(error),
    })?;
    Ok(Json(SecretDeleted { success: true, message: "Secret deleted successfully" }))
}

/// Delete all secrets that no running service uses.
#[utoipa::path(delete, path = "/api/v1/secret/all", responses((status = OK, body = SecretsDeleted)))]
pub async fn delete_all(
    Organiser(person): Organiser,
    coordinator: Shared<Coordinator>,
) -> Result<Json<SecretsDeleted>, Problem> {
    let (mut deleted, mut errors) = (0, Vec::new());
    for secret in coordinator.instances.secrets().await? {
        match coordinator.instances.delete_secret_by_id(&secret.id, person.actor()).await {
            // Somebody else may have deleted it meanwhile.
            Ok(()) | Err(CoreError::NotFound(_)) => deleted += 1,
            Err(CoreError::Conflict(_)) => errors.push(format!("Failed to delete '{}' (likely in use)", secret.name)),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Json(SecretsDeleted { success: errors.is_empty(), deleted, failed: errors.len(), errors }))
}
