use super::token_life::TokenLife;
use crate::http::extract::body::{Json, With};
use crate::http::extract::principal::Provisioner;
use crate::http::fronts::control::done;
use crate::http::openapi::answers::{Conflict, Done};
use crate::http::problem::Code;
use crate::http::state::Shared;
use crate::http::{Admin, Problem, extract::origin, ingress};
use actix_web::{HttpRequest, HttpResponse, web};
use challengectl_common::{Band, ProvisioningKeyId, RadioId, RunnerId, Timestamp};
use challengectl_coordinator::{Coordinator, KeyChange, NewRadio, NewRunner, ProvisioningKey};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[schema(as = NewRunner)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Older provisioning programs call it `runner_name`.
    #[serde(alias = "runner_name")]
    runner_id: RunnerId,
    #[serde(default)]
    expires_hours: TokenLife,
    server_url: Option<String>,
    /// Older provisioning programs call them `devices`.
    #[serde(default, alias = "devices")]
    radios: Vec<Radio>,
}

/// A radio of the new runner. Its further settings are known only to the drivers on the runner's host.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewRadio)]
pub(in crate::http::fronts::control) struct Radio {
    /// The id, unique on the runner.
    id: RadioId,
    /// The driver.
    #[schema(pattern = "^[A-Za-z0-9_]{1,64}$")]
    driver: String,
    /// The bands in which it may transmit; an empty list: no limit.
    #[serde(default)]
    frequency_limits: Vec<Band>,
    /// Further settings of the radio in `runner.yml`, copied unchanged.
    #[serde(flatten)]
    settings: Map<String, Value>,
}

impl From<Radio> for NewRadio {
    fn from(Radio { id, driver, frequency_limits, settings }: Radio) -> Self {
        Self { id, driver, frequency_limits, settings }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = Provisioned)]
struct Ready {
    status: &'static str,
    message: &'static str,
    runner_id: RunnerId,
    enrollment_token: String,
    expires_at: Timestamp,
    config_yaml: String,
}

/// Create the configuration of a new runner.
///
/// It holds a one-time token and is shown only once.
#[utoipa::path(
    post, path = "/api/provisioning/provision",
    responses((status = CREATED, body = Ready), Conflict)
)]
pub async fn provision(
    With(Provisioner(provisioner), Json(wanted)): With<Provisioner, Json<Wanted>>,
    coordinator: Shared<Coordinator>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let server = server(wanted.server_url.as_deref(), &request)?;
    let radios = wanted.radios.into_iter().map(NewRadio::from).collect();
    let new = NewRunner { id: wanted.runner_id, life: wanted.expires_hours.into(), server, radios };
    let ready = coordinator.fleet.provision(&provisioner, new).await?;
    Ok(HttpResponse::Created().json(Ready {
        status: "success",
        message: "Runner provisioned: write config_yaml to its runner.yml and start it",
        runner_id: ready.id,
        enrollment_token: ready.token,
        expires_at: ready.expires_at,
        config_yaml: ready.config,
    }))
}

pub(in crate::http::fronts::control) fn server(given: Option<&str>, request: &HttpRequest) -> Result<String, Problem> {
    let Some(given) = given else {
        let unknown = "server_url: give the URL by which the runner reaches this server; it cannot be derived from a \
                       request through a proxy that is not in trusted_proxies";
        return origin::base_url(request).ok_or_else(|| Problem::invalid(unknown));
    };
    let wrong = "server_url: not the URL of a server, such as https://server.example:8443";
    ingress::server_url(given).ok_or_else(|| Problem::invalid(wrong))
}

#[derive(Serialize, ToSchema)]
#[schema(as = ProvisioningKeys)]
struct Keys {
    keys: Vec<Key>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ProvisioningKey)]
struct Key {
    key_id: ProvisioningKeyId,
    description: Option<String>,
    enabled: bool,
    created_by: String,
    created_at: Timestamp,
    last_used_at: Option<Timestamp>,
}

/// List provisioning keys, without their secrets.
#[utoipa::path(get, path = "/api/provisioning/keys", responses((status = OK, body = Keys)))]
pub async fn keys(_: Admin, coordinator: Shared<Coordinator>) -> Result<HttpResponse, Problem> {
    let keys = coordinator.fleet.provisioning_keys().await?.into_iter().map(Key::from).collect();
    Ok(HttpResponse::Ok().json(Keys { keys }))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = NewProvisioningKey)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    key_id: ProvisioningKeyId,
    #[schema(max_length = 255)]
    description: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ProvisioningKeyCreated)]
struct Created {
    status: &'static str,
    message: &'static str,
    key_id: ProvisioningKeyId,
    api_key: String,
}

/// Create a provisioning key.
///
/// The key is shown only once.
#[utoipa::path(
    post, path = "/api/provisioning/keys",
    responses((status = CREATED, body = Created), Conflict)
)]
pub async fn create_key(
    With(Admin(person), Json(NewKey { key_id, description })): With<Admin, Json<NewKey>>,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    let api_key = coordinator.fleet.add_provisioning_key(&key_id, description, person.actor()).await?;
    let message = "Provisioning key created";
    Ok(HttpResponse::Created().json(Created { status: "success", message, key_id, api_key }))
}

/// Delete a provisioning key.
#[utoipa::path(delete, path = "/api/provisioning/keys/{key_id}", responses(Done))]
pub async fn delete_key(
    Admin(person): Admin,
    coordinator: Shared<Coordinator>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    coordinator.fleet.change_provisioning_key(&named(&id)?, KeyChange::Remove, person.actor()).await?;
    Ok(done("Provisioning key removed"))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Toggle {
    enabled: bool,
}

/// Enable or disable a provisioning key.
#[utoipa::path(post, path = "/api/provisioning/keys/{key_id}/toggle", responses(Done))]
pub async fn toggle_key(
    With(Admin(person), Json(Toggle { enabled })): With<Admin, Json<Toggle>>,
    coordinator: Shared<Coordinator>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let (change, message) = match enabled {
        true => (KeyChange::Enable, "Provisioning key enabled"),
        false => (KeyChange::Disable, "Provisioning key disabled"),
    };
    coordinator.fleet.change_provisioning_key(&named(&id)?, change, person.actor()).await?;
    Ok(done(message))
}

fn named(id: &str) -> Result<ProvisioningKeyId, Problem> {
    let none = || Problem::new(Code::NotFound).because(format!("there is no provisioning key {id:?}"));
    ProvisioningKeyId::new(id).map_err(|_| none())
}

impl From<ProvisioningKey> for Key {
    fn from(key: ProvisioningKey) -> Self {
        let ProvisioningKey { id: key_id, description, enabled, created_by, created_at, last_used_at } = key;
        Self { key_id, description, enabled, created_by, created_at, last_used_at }
    }
}
