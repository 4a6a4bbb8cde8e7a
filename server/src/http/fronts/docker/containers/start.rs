//! Containers: instances of challenges.

use crate::http::Problem;
use crate::http::extract::body::With;
use crate::http::extract::fields::Fields;
use crate::http::fronts::docker::body::Body;
use crate::http::fronts::docker::envelope::Data;
use crate::http::fronts::docker::principal::{Caller, User};
use crate::http::fronts::docker::{FRONT, number, refusals, renamed};
use crate::http::openapi::answers::{Failed, Missing};
use crate::http::problem::Code;
use crate::http::state::Shared;
use actix_web::{HttpRequest, HttpResponse, Result};
use challengectl_coordinator::catalog::{Access, Subject};
use challengectl_coordinator::instances::{Placed, Terms, Wish};
use challengectl_coordinator::session::{Owner, SessionState};
use challengectl_coordinator::{Coordinator, CoreError, Players};
use serde::Serialize;
use serde_json::Value;
use std::time::Duration;
use utoipa::ToSchema;

/// The challenge to start, by one of both fields.
#[derive(ToSchema)]
#[schema(as = DockerStart, examples(json!({"id": "1"})))]
#[expect(dead_code, reason = "described here, read by `Fields`")]
pub struct StartForm {
    /// The challenge.
    id: Option<String>,
    /// The challenge.
    challenge_id: Option<String>,
}

/// A container that was started.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerContainer)]
pub struct Container {
    pub instance_id: String,
    /// Such as `31337/tcp-> 80`: the port of the host, and that of the container.
    pub ports: Vec<String>,
    pub host: String,
}

/// The age from which on a container may be replaced.
pub const COOLDOWN: Duration = Duration::from_secs(300);
/// How long a container lives.
const LIFETIME: Duration = Duration::from_secs(2 * 60 * 60);

/// Start a container, or replace one's own.
///
/// Answers when it runs. One that is younger than 5 minutes is not replaced.
#[utoipa::path(
    post, path = "/api/v1/container", request_body = StartForm,
    responses((status = CREATED, description = "It runs.", body = Data<Container>), Missing, Failed)
)]
pub async fn start(
    With(User(caller), Body(fields)): With<User, Body>,
    coordinator: Shared<Coordinator>,
    players: Shared<Players>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = wanted(&fields)?;
    let owner = caller.owner(&players)?;
    let slug = startable(&caller, &owner, id, &coordinator).await?;
    let (by, lifetime, terms) = (caller.player.actor(), Some(LIFETIME), Terms::Revert(COOLDOWN));
    let wish = Wish { challenge: slug, owner, by, front: FRONT, lifetime, terms };
    let started = coordinator.instances.start(wish).await;
    if let Err(CoreError::Unavailable(why)) = &started {
        refusals::record(&request, Some(caller.player.actor()), Some(why)).await;
    }
    let placed = started.map_err(refusal)?.placed;
    if placed.session.state == SessionState::Queued {
        // Without an engine it has no ports, which the answer needs.
        coordinator.instances.stop(placed.session.id, "no engine", caller.player.actor()).await?;
        return Err(failed());
    }
    let container = Container { instance_id: placed.session.key.clone(), ports: ports(&placed), host: host(&placed) };
    Ok(HttpResponse::Created().json(Data::new(container)))
}

/// Returns the challenge that a request names.
fn wanted(fields: &Fields) -> Result<i64, Problem> {
    let named = ["id", "challenge_id"].map(|name| fields.get(name).filter(|value| !is_empty(value)));
    let text = |value: &Value| match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(Problem::invalid("id: must be the number of a challenge")),
    };
    let [first, second] = named.map(|value| value.map(text).transpose());
    match (first?, second?) {
        (Some(first), Some(second)) if first != second => {
            Err(Problem::invalid("id and challenge_id name different challenges; give one of them"))
        }
        (Some(id), _) | (None, Some(id)) => number("Challenge", &id),
        (None, None) => Err(Problem::invalid("No challenge ID provided")),
    }
}

pub fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(str::is_empty)
}

/// Returns the slug of a challenge that the caller may start.
async fn startable(caller: &Caller, owner: &Owner, id: i64, coordinator: &Coordinator) -> Result<String, Problem> {
    let missing = || Problem::new(Code::NotFound).because("Challenge not found");
    let (entry, access) = coordinator.catalog.entry_for(owner, id).await.map_err(renamed("Challenge"))?;
    let may = access == Access::Open || (caller.is_admin() && entry.is_shown);
    match entry.subject {
        Subject::Instance { slug, .. } if may => Ok(slug),
        _ => Err(missing()),
    }
}

/// Returns what the document says to a start that is refused.
fn refusal(error: CoreError) -> Problem {
    let forbidden = |text: String| Problem::new(Code::Forbidden).because(text);
    match error {
        CoreError::Cooldown(_) => forbidden("Container creation not allowed".to_owned()),
        CoreError::Quota(_) | CoreError::Conflict(_) => forbidden(error.to_string()),
        CoreError::NotFound(_) => Problem::new(Code::NotFound).because("Challenge not found"),
        CoreError::StartFailed | CoreError::Unavailable(_) => failed(),
        error => error.into(),
    }
}

/// Operators see the reason on the dashboard; players are told nothing about hosts.
fn failed() -> Problem {
    Problem::new(Code::StartFailed).because("Container creation failed")
}

pub fn ports(placed: &Placed) -> Vec<String> {
    let text = |it: &challengectl_common::wire::instances::Published| {
        format!("{}/{}-> {}", it.host_port, it.port.transport.as_str(), it.port.number)
    };
    placed.ports.iter().map(text).collect()
}

pub fn host(placed: &Placed) -> String {
    placed.session.place.as_ref().map(|place| place.host.clone()).unwrap_or_default()
}
