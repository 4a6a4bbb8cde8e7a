//! Containers: instances of challenges.

use super::fields::Fields;
use super::principal::{Caller, Organiser, User};
use super::wire::{Container, Data, Done, NukeForm, StartForm, Status};
use super::{FRONT, number, refusals, renamed};
use crate::http::Problem;
use crate::http::extract::body::With;
use crate::http::openapi::answers::{Failed, Missing};
use crate::http::problem::Code;
use crate::http::state::{Shared, State};
use actix_web::web::{self, Json};
use actix_web::{HttpRequest, HttpResponse, Result};
use challengectl_common::Timestamp;
use challengectl_coordinator::catalog::{Access, Subject};
use challengectl_coordinator::instances::{Placed, Terms, Wish};
use challengectl_coordinator::session::{Owner, SessionState};
use challengectl_coordinator::{Coordinator, CoreError, Players};
use serde_json::Value;
use std::time::Duration;

/// The age from which on a container may be replaced.
const COOLDOWN: Duration = Duration::from_secs(300);
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
    With(User(caller), fields): With<User, Fields>,
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

fn is_empty(value: &Value) -> bool {
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

fn ports(placed: &Placed) -> Vec<String> {
    let text = |it: &challengectl_common::wire::instances::Published| {
        format!("{}/{}-> {}", it.host_port, it.port.transport.as_str(), it.port.number)
    };
    placed.ports.iter().map(text).collect()
}

fn host(placed: &Placed) -> String {
    placed.session.place.as_ref().map(|place| place.host.clone()).unwrap_or_default()
}

/// List the containers of one's team, or one's own.
#[utoipa::path(get, path = "/api/v1/docker_status", responses((status = OK, body = Data<Vec<Status>>)))]
pub async fn status(
    User(caller): User,
    coordinator: Shared<Coordinator>,
    players: Shared<Players>,
    state: web::Data<State>,
) -> Result<Json<Data<Vec<Status>>>, Problem> {
    let owner = caller.owner(&players)?;
    let mut own = coordinator.instances.all_live(FRONT, owner.as_str()).await?;
    own.retain(|placed| placed.session.owner == owner);
    own.sort_by_key(|placed| placed.session.id);
    let mut rows = Vec::new();
    for placed in own {
        let session = &placed.session;
        let image = if state.config.docker.hide_images {
            coordinator.catalog.entry(session.challenge_id).await.map(|it| it.name.to_string()).unwrap_or_default()
        } else {
            coordinator.instances.image(session.challenge_id, session.version).await?
        };
        rows.push(row(&placed, image));
    }
    Ok(Json(Data::new(rows)))
}

fn row(placed: &Placed, docker_image: String) -> Status {
    let session = &placed.session;
    let number = session.owner.name().to_owned();
    let (team_id, user_id) = if session.owner.is_team() { (Some(number), None) } else { (None, Some(number)) };
    let since = session.running_at.unwrap_or(session.requested_at);
    Status {
        id: session.id,
        team_id,
        user_id,
        challenge_id: session.challenge_id,
        docker_image,
        timestamp: seconds(since),
        revert_time: seconds(since.after(COOLDOWN)),
        instance_id: session.key.clone(),
        ports: ports(placed),
        host: host(placed),
    }
}

fn seconds(time: Timestamp) -> i64 {
    time.as_millis().div_euclid(1000)
}

/// Stop one container, or all of them.
#[utoipa::path(
    post, path = "/api/v1/nuke", request_body = NukeForm, responses((status = OK, body = Done), Missing)
)]
pub async fn nuke(
    With(Organiser(person), fields): With<Organiser, Fields>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<Done>, Problem> {
    let is_all = match fields.get("all") {
        Some(Value::Bool(all)) => *all,
        Some(Value::String(text)) => text.eq_ignore_ascii_case("true"),
        _ => false,
    };
    if is_all {
        coordinator.instances.kill_all_of_front(FRONT, person.actor()).await?;
        return Ok(Json(Done::DONE));
    }
    let key = match fields.get("container").filter(|value| !is_empty(value)) {
        Some(Value::String(key)) => key,
        Some(_) => return Err(Problem::new(Code::NotFound).because("Container not found")),
        None => return Err(Problem::invalid("No container specified")),
    };
    coordinator.instances.kill_of_front(FRONT, key, person.actor()).await.map_err(renamed("Container"))?;
    Ok(Json(Done::DONE))
}
