//! Challenges, and the sessions of this front.

use super::FRONT;
use super::body::Fields;
use super::player::{Player, Visitor};
use crate::http::Problem;
use crate::http::extract::body::With;
use crate::http::extract::query::Query;
use crate::http::problem::Code;
use crate::http::state::{Shared, State};
use actix_web::{HttpResponse, web};
use challengectl_common::Timestamp;
use challengectl_common::wire::instances::Published;
use challengectl_coordinator::Coordinator;
use challengectl_coordinator::instances::{InstanceChallenge, Placed, Wish};
use challengectl_coordinator::session::owner::ANONYMOUS;
use challengectl_coordinator::session::{Owner, SessionState};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::ops::RangeInclusive;
use std::time::Duration;

/// Seconds that an instance may be asked to live.
const TIMEOUTS: RangeInclusive<u64> = 60..=7200;
/// The ports that a page is expected on, in this order.
const WEB_PORTS: [u16; 4] = [80, 8080, 3000, 5000];
/// Characters of the shortest id that can be one.
const MIN_ID: usize = 4;
/// Seconds after which a client shall ask for a session that is still starting.
const RETRY_SECONDS: u64 = 5;

/// Lists the challenges.
pub async fn list(_: Visitor, coordinator: Shared<Coordinator>) -> Result<HttpResponse, Problem> {
    let challenges: Vec<Value> = coordinator.instances.challenges().await?.iter().map(described).collect();
    let count = challenges.len();
    Ok(HttpResponse::Ok().json(json!({"status": "success", "challenges": challenges, "count": count})))
}

/// Starts a challenge for a user, or finds the session that the user has.
pub async fn start(
    With(player, fields): With<Player, Fields>,
    coordinator: Shared<Coordinator>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let wish = Wish {
        challenge: fields.needed("challenge_id")?.to_owned(),
        owner: player.owner(fields.text("user_id")?)?,
        front: FRONT,
        lifetime: fields.get("session_timeout").map(lifetime).transpose()?,
    };
    let started = coordinator.instances.start(wish).await?;
    if started.placed.session.state == SessionState::Starting {
        let details = format!("the instance is still starting; ask again in {RETRY_SECONDS} seconds");
        return Err(Problem::new(Code::Unavailable).because(details).retry_after(RETRY_SECONDS));
    }
    let challenge = coordinator.instances.challenge(started.placed.session.challenge_id).await?;
    let mut answer = shown(&started.placed, &challenge, &player, &state.config.engine.host);
    let message = if started.is_new { "The challenge is running" } else { "The challenge is already running" };
    answer.insert("status".to_owned(), "success".into());
    answer.insert("message".to_owned(), message.into());
    let mut response = if started.is_new { HttpResponse::Created() } else { HttpResponse::Ok() };
    Ok(response.json(answer))
}

#[derive(Deserialize)]
pub struct OfUser {
    user_id: Option<String>,
}

/// Lists the sessions of a user: with a login one's own, and without one those of everybody who plays without an account.
pub async fn running(
    player: Player,
    Query(query): Query<OfUser>,
    coordinator: Shared<Coordinator>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let owner = match (&player, query.user_id.as_deref()) {
        (Player::Anonymous, None) => None,
        (_, user_id) => Some(player.owner(user_id)?),
    };
    let mut all = coordinator.instances.all_live(FRONT, owner.as_ref().map_or(ANONYMOUS, Owner::as_str)).await?;
    all.retain(|placed| owner.as_ref().is_none_or(|owner| placed.session.owner == *owner));
    let mut sessions = Vec::new();
    for placed in &all {
        let challenge = coordinator.instances.challenge(placed.session.challenge_id).await?;
        sessions.push(shown(placed, &challenge, &player, &state.config.engine.host));
    }
    let count = sessions.len();
    Ok(HttpResponse::Ok().json(json!({"status": "success", "sessions": sessions, "count": count})))
}

/// Stops a session; answers when its containers are gone.
pub async fn stop(
    player: Player,
    session_id: web::Path<String>,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    let key = checked(&session_id)?;
    let missing = || Problem::new(Code::NotFound).because("there is no such session; it may have ended");
    let placed = coordinator.instances.live(FRONT, key).await?.filter(|placed| player.may(&placed.session.owner));
    let placed = placed.ok_or_else(missing)?;
    let challenge = coordinator.instances.challenge(placed.session.challenge_id).await?;
    if !coordinator.instances.stop(placed.session.id, "stopped").await? {
        return Err(missing());
    }
    Ok(HttpResponse::Ok().json(json!({
        "status": "success",
        "message": "The challenge is stopped",
        "session_id": key,
        "challenge_id": challenge.slug,
    })))
}

/// Checks the form of a session's id.
pub fn checked(id: &str) -> Result<&str, Problem> {
    if id.chars().count() < MIN_ID || id.chars().any(char::is_control) {
        return Err(Problem::invalid(format!("session_id: at least {MIN_ID} characters, and no control characters")));
    }
    Ok(id)
}

/// Returns a time as seconds since 1970.
pub fn epoch(time: Timestamp) -> f64 {
    time.as_millis() as f64 / 1e3
}

fn lifetime(value: &Value) -> Result<Duration, Problem> {
    let (min, max) = (TIMEOUTS.start(), TIMEOUTS.end());
    let seconds = value.as_u64().filter(|seconds| TIMEOUTS.contains(seconds));
    let refuse = || Problem::invalid(format!("session_timeout: a whole number of seconds from {min} to {max}"));
    seconds.map(Duration::from_secs).ok_or_else(refuse)
}

fn described(challenge: &InstanceChallenge) -> Value {
    let about = &challenge.about;
    json!({
        "id": challenge.slug,
        "name": challenge.name,
        "category": about.category,
        "difficulty": about.difficulty,
        "description": about.description,
        "tags": about.tags,
        "points": challenge.points,
        "estimated_time": about.estimated_time,
        "author": about.author,
        "version": challenge.version.to_string(),
        // Their texts are for those who ask for one.
        "hints": about.hints.len(),
        "learning_objectives": about.learning_objectives,
        "imported": false,
    })
}

fn shown(placed: &Placed, challenge: &InstanceChallenge, player: &Player, host: &str) -> Map<String, Value> {
    let (session, about) = (&placed.session, &challenge.about);
    let addresses: Map<String, Value> =
        placed.ports.iter().map(|it| (it.port.to_string(), format!("{host}:{}", it.host_port).into())).collect();
    let first = main_port(&placed.ports).map(|it| it.host_port);
    let all = json!({
        "session_id": session.key,
        "container_id": session.container_id,
        "container_port": first,
        "challenge_id": challenge.slug,
        "user_id": player.name(&session.owner),
        "created_at": epoch(session.requested_at),
        "expires_at": epoch(session.reap_at),
        "access_url": first.map(|port| format!("http://{host}:{port}")),
        "challenge": {
            "id": challenge.slug,
            "name": challenge.name,
            "category": about.category,
            "description": about.description,
            "ports": addresses,
        },
    });
    match all {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// Returns the port that a page opens.
fn main_port(ports: &[Published]) -> Option<&Published> {
    let on = |number: u16| ports.iter().find(|it| it.port.number.get() == number);
    WEB_PORTS.into_iter().find_map(on).or(ports.first())
}
