use super::mine::Mine;
use crate::http::Problem;
use crate::http::fronts::control::acknowledge;
use crate::http::openapi::answers::{Conflict, Done, Failed, TooMany, Unavailable};
use crate::http::problem::Code;
use crate::http::state::Shared;
use crate::words::InstanceState;
use actix_web::HttpResponse;
use challengectl_common::Timestamp;
use challengectl_coordinator::Coordinator;
use challengectl_coordinator::instances::{Placed, Terms, Wish};
use serde::Serialize;
use utoipa::ToSchema;

/// The name of this front in sessions.
const FRONT: &str = "play";

/// An instance of one's own.
#[derive(Serialize, ToSchema)]
#[schema(as = OwnInstance)]
struct InstanceView {
    challenge_id: i64,
    state: InstanceState,
    requested_at: Timestamp,
    /// When it ends, unless it is extended; as long as it is queued, when it is given up.
    expires_at: Timestamp,
    /// When it ends unless there is a heartbeat before; null: it needs none.
    idle_at: Option<Timestamp>,
    /// How many seconds are left.
    seconds_left: u64,
    addresses: Vec<Address>,
}

/// Where a port of an instance is reached.
#[derive(Serialize, ToSchema)]
struct Address {
    /// The port in its container, such as `80/tcp`.
    port: String,
    host: String,
    host_port: u16,
}

fn shown(placed: &Placed, now: Timestamp) -> InstanceView {
    let session = &placed.session;
    let host = session.place.as_ref().map(|place| place.host.clone()).unwrap_or_default();
    let address = |it: &challengectl_common::wire::instances::Published| Address {
        port: it.port.to_string(),
        host: host.clone(),
        host_port: it.host_port,
    };
    InstanceView {
        challenge_id: session.challenge_id,
        state: session.state.into(),
        requested_at: session.requested_at,
        expires_at: session.reap_at,
        idle_at: session.idle_at,
        seconds_left: session.reap_at.since(now).as_secs(),
        addresses: placed.ports.iter().map(address).collect(),
    }
}

/// Show one's own instance.
#[utoipa::path(
    get, path = "/api/play/challenges/{challenge_id}/instance",
    responses((status = OK, body = InstanceView))
)]
pub async fn show(
    Mine { owner, challenge, .. }: Mine,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    let placed = coordinator.instances.of_owner(&owner, challenge).await?;
    let placed = placed.ok_or_else(|| Problem::new(Code::NotFound).because("there is no instance; start one"))?;
    Ok(HttpResponse::Ok().json(shown(&placed, coordinator.context.now())))
}

/// Start an instance.
///
/// Answers when it runs. If there is one already, the challenge says whether it is returned with 200, or another one is
/// started in its place, or none is. One that is still starting or waits for an engine after 30 seconds is answered as
/// such, and goes on.
#[utoipa::path(
    post, path = "/api/play/challenges/{challenge_id}/instance",
    responses(
        (status = CREATED, description = "It was started.", body = InstanceView),
        (status = OK, description = "It was already there.", body = InstanceView),
        Conflict, TooMany, Failed, Unavailable
    )
)]
pub async fn start(
    Mine { player, owner, challenge }: Mine,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    let challenge = coordinator.instances.challenge(challenge).await?;
    let (by, terms) = (player.actor(), Terms::Policy);
    let wish = Wish { challenge: challenge.slug, owner, by, front: FRONT, lifetime: None, terms };
    let started = coordinator.instances.start(wish).await?;
    let mut response = if started.is_new { HttpResponse::Created() } else { HttpResponse::Ok() };
    Ok(response.json(shown(&started.placed, coordinator.context.now())))
}

/// Let one's own instance live on.
///
/// It has its whole life again.
#[utoipa::path(
    post, path = "/api/play/challenges/{challenge_id}/instance/extend",
    responses((status = OK, body = InstanceView), Conflict)
)]
pub async fn extend(
    Mine { owner, challenge, .. }: Mine,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    let placed = coordinator.instances.extend(owner, challenge).await?;
    Ok(HttpResponse::Ok().json(shown(&placed, coordinator.context.now())))
}

/// Give a sign of life.
///
/// An instance that has `idle_at` ends at that time, unless it is asked for, extended, or sent a heartbeat before.
#[utoipa::path(
    post, path = "/api/play/challenges/{challenge_id}/instance/heartbeat",
    responses((status = OK, body = InstanceView))
)]
pub async fn heartbeat(
    Mine { owner, challenge, .. }: Mine,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    let placed = coordinator.instances.keep_alive(owner, challenge).await?;
    Ok(HttpResponse::Ok().json(shown(&placed, coordinator.context.now())))
}

/// Stop one's own instance.
///
/// Answers when nothing of it is left, after at most 15 seconds.
#[utoipa::path(delete, path = "/api/play/challenges/{challenge_id}/instance", responses(Done))]
pub async fn stop(
    Mine { player, owner, challenge }: Mine,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    let missing = || Problem::new(Code::NotFound).because("there is no instance; it may have ended");
    let placed = coordinator.instances.of_owner(&owner, challenge).await?.ok_or_else(missing)?;
    if !coordinator.instances.stop(placed.session.id, "stopped", player.actor()).await? {
        return Err(missing());
    }
    Ok(acknowledge(HttpResponse::Ok(), "The instance is stopped"))
}
