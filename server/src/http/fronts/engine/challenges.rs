//! Challenges, and the sessions of this front.

use super::FRONT;
use super::body::Body;
use super::player::{Player, Visitor};
use super::wire::{
    ChallengeList, OfUser, SessionList, ShownSession, StartForm, StartedSession, StoppedSession, Success,
};
use crate::http::Problem;
use crate::http::extract::body::With;
use crate::http::extract::query::Query;
use crate::http::openapi::answers::{Conflict, Failed, Invalid, Missing, TooMany, Unavailable};
use crate::http::problem::Code;
use crate::http::state::{Shared, State};
use actix_web::web::Json;
use actix_web::{HttpRequest, HttpResponse, web};
use challengectl_coordinator::Coordinator;
use challengectl_coordinator::instances::{Terms, Wish};
use challengectl_coordinator::session::owner::ANONYMOUS;
use challengectl_coordinator::session::{Owner, SessionState};
use serde_json::Value;
use std::ops::RangeInclusive;
use std::time::Duration;

/// Seconds that an instance may be asked to live.
const TIMEOUTS: RangeInclusive<u64> = 60..=7200;
/// Characters of the shortest id that can be one.
const MIN_ID: usize = 4;
/// Seconds after which a client shall ask for a session that is still starting.
const RETRY_SECONDS: u64 = 5;

/// List the challenges.
#[utoipa::path(get, path = "/api/challenges", responses((status = OK, body = ChallengeList), Failed, Unavailable))]
pub async fn list(_: Visitor, coordinator: Shared<Coordinator>) -> Result<Json<ChallengeList>, Problem> {
    let challenges: Vec<_> = coordinator.instances.challenges().await?.iter().map(Into::into).collect();
    let count = challenges.len();
    Ok(Json(ChallengeList { status: Success::Success, challenges, count }))
}

/// Start a challenge.
///
/// Answers when it runs. If the user has a session already, the challenge says whether it is returned with 200, or another
/// one is started in its place, or none is.
#[utoipa::path(
    post, path = "/api/challenges", request_body = StartForm,
    responses(
        (status = CREATED, description = "It runs.", body = StartedSession),
        (status = OK, description = "It was already running.", body = StartedSession),
        Missing, Conflict, TooMany, Failed, Unavailable
    )
)]
pub async fn start(
    With(player, Body(fields)): With<Player, Body>,
    coordinator: Shared<Coordinator>,
    state: web::Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let owner = player.owner(fields.text("user_id")?)?;
    let wish = Wish {
        challenge: fields.needed("challenge_id")?.to_owned(),
        by: player.actor(&owner, &request),
        owner,
        front: FRONT,
        lifetime: fields.get("session_timeout").filter(|value| !value.is_null()).map(lifetime).transpose()?,
        terms: Terms::Policy,
    };
    let started = coordinator.instances.start(wish).await?;
    let still = match started.placed.session.state {
        SessionState::Queued => Some("waits for an engine, which are all full or away"),
        SessionState::Starting => Some("is still starting"),
        _ => None,
    };
    if let Some(still) = still {
        let details = format!("the instance {still}; ask again in {RETRY_SECONDS} seconds");
        return Err(Problem::new(Code::Unavailable).because(details).retry_after(RETRY_SECONDS));
    }
    let challenge = coordinator.instances.challenge(started.placed.session.challenge_id).await?;
    let session = ShownSession::new(&started.placed, &challenge, &player, &state.config.engine.host);
    let message = if started.is_new { "The challenge is running" } else { "The challenge is already running" };
    let mut response = if started.is_new { HttpResponse::Created() } else { HttpResponse::Ok() };
    Ok(response.json(StartedSession { status: Success::Success, message, session }))
}

/// List the sessions.
///
/// Those of a user: with a login one's own, and without one those of everybody who plays without an account.
#[utoipa::path(
    get, path = "/api/challenges/running", responses((status = OK, body = SessionList), Failed, Unavailable)
)]
pub async fn running(
    player: Player,
    Query(query): Query<OfUser>,
    coordinator: Shared<Coordinator>,
    state: web::Data<State>,
) -> Result<Json<SessionList>, Problem> {
    let owner = match (&player, query.user_id.as_deref()) {
        (Player::Anonymous, None) => None,
        (_, user_id) => Some(player.owner(user_id)?),
    };
    let mut all = coordinator.instances.all_live(FRONT, owner.as_ref().map_or(ANONYMOUS, Owner::as_str)).await?;
    all.retain(|placed| owner.as_ref().is_none_or(|owner| placed.session.owner == *owner));
    let mut sessions = Vec::new();
    for placed in &all {
        let challenge = coordinator.instances.challenge(placed.session.challenge_id).await?;
        sessions.push(ShownSession::new(placed, &challenge, &player, &state.config.engine.host));
    }
    let count = sessions.len();
    Ok(Json(SessionList { status: Success::Success, sessions, count }))
}

/// Stop a session.
///
/// Answers when its containers are gone.
#[utoipa::path(
    delete, path = "/api/challenges/{session_id}",
    responses((status = OK, body = StoppedSession), Invalid, Failed, Unavailable)
)]
pub async fn stop(
    player: Player,
    session_id: web::Path<String>,
    coordinator: Shared<Coordinator>,
    request: HttpRequest,
) -> Result<Json<StoppedSession>, Problem> {
    let key = checked(&session_id)?;
    let missing = || Problem::new(Code::NotFound).because("there is no such session; it may have ended");
    let placed = coordinator.instances.live(FRONT, key).await?.filter(|placed| player.may(&placed.session.owner));
    let placed = placed.ok_or_else(missing)?;
    let challenge = coordinator.instances.challenge(placed.session.challenge_id).await?;
    let by = player.actor(&placed.session.owner, &request);
    if !coordinator.instances.stop(placed.session.id, "stopped", by).await? {
        return Err(missing());
    }
    Ok(Json(StoppedSession {
        status: Success::Success,
        message: "The challenge is stopped",
        session_id: key.to_owned(),
        challenge_id: challenge.slug,
    }))
}

/// Checks the form of a session's id.
pub fn checked(id: &str) -> Result<&str, Problem> {
    if id.chars().count() < MIN_ID || id.chars().any(char::is_control) {
        return Err(Problem::invalid(format!("session_id: at least {MIN_ID} characters, and no control characters")));
    }
    Ok(id)
}

fn lifetime(value: &Value) -> Result<Duration, Problem> {
    let (min, max) = (TIMEOUTS.start(), TIMEOUTS.end());
    // Some clients write 3600.0.
    let whole = value.as_f64().filter(|seconds| seconds.fract() == 0.0).map(|seconds| seconds as u64);
    let seconds = whole.filter(|seconds| TIMEOUTS.contains(seconds));
    let refuse = || Problem::invalid(format!("session_timeout: a whole number of seconds from {min} to {max}"));
    seconds.map(Duration::from_secs).ok_or_else(refuse)
}
