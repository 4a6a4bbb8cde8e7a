//! Deploying and stopping challenges, and the way to their instances.

use super::body::{Asked, Lazy};
use super::envelope::{refused, unprocessable};
use super::principal::{Master, User};
use super::wire::{Access, Challenge, DeployForm, StopForm, Wait, team};
use crate::http::Problem;
use crate::http::extract::body::With;
use crate::http::openapi::answers::{Failed, Forbidden, Unavailable};
use crate::http::problem::Code;
use crate::http::state::Shared;
use actix_web::web::{self, Json};
use challengectl_coordinator::deployments::Deployment;
use challengectl_coordinator::{Coordinator, CoreError};
use serde::de::DeserializeOwned;
use std::time::Duration;

/// Seconds that a request may wait.
const MAX_WAIT: u8 = 60;

/// Deploy a challenge.
///
/// Answers at once, with an instance for each team, whose address is leased. What runs as it should is not touched; what has
/// failed, is missing, or has changed is built, and what is too much is removed.
#[utoipa::path(
    post, path = "/api/v1/challenges/{challenge_id}/deploy", request_body = DeployForm,
    responses((status = OK, body = Challenge), Failed, Unavailable)
)]
pub async fn deploy(
    With(Master(user), body): With<Master, Lazy<DeployForm>>,
    key: web::Path<String>,
    Asked(wait): Asked<Wait>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<Challenge>, Problem> {
    let (form, wait) = asked(&coordinator, &key, body, &wait).await?;
    let changed = coordinator.deployments.deploy(key.into_inner(), form.force_redeploy, user.actor()).await;
    answer(&coordinator, changed, wait, &user).await
}

/// Stop a challenge.
///
/// Without `remove_instances` names and addresses stay, and a deploy brings the instances back.
#[utoipa::path(
    post, path = "/api/v1/challenges/{challenge_id}/stop", request_body = StopForm,
    responses((status = OK, body = Challenge), Failed, Unavailable)
)]
pub async fn stop(
    With(Master(user), body): With<Master, Lazy<StopForm>>,
    key: web::Path<String>,
    Asked(wait): Asked<Wait>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<Challenge>, Problem> {
    let (form, wait) = asked(&coordinator, &key, body, &wait).await?;
    let changed = coordinator.deployments.stop(key.into_inner(), form.remove_instances, user.actor()).await;
    answer(&coordinator, changed, wait, &user).await
}

/// Show how a team reaches its instance.
#[utoipa::path(
    get, path = "/api/v1/challenges/{challenge_id}/teams/{team_id}/access",
    responses((status = OK, body = Access), Forbidden, Failed, Unavailable)
)]
pub async fn access(
    user: User,
    path: web::Path<(String, String)>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<Access>, Problem> {
    let (key, name) = path.into_inner();
    let number = team(&name).map_err(|_| missing());
    // Whose team is another one learns nothing of it, not even whether it is there.
    if number.as_ref().is_ok_and(|number| !user.may_see(*number)) {
        return Err(Problem::new(Code::Forbidden).because("this is the instance of another team"));
    }
    number?;
    let (challenge, instance) = coordinator.deployments.instance(&key, &name).await?;
    if user.is_user() && !challenge.active {
        return Err(missing());
    }
    Ok(Json(Access::new(challenge, user.shown(instance))))
}

/// Show how a team reaches its instance, by another spelling of the path.
#[utoipa::path(
    get, path = "/api/v1/challenges/{challenge_id}/team/{team_id}/access",
    responses((status = OK, body = Access), Forbidden, Failed, Unavailable)
)]
pub async fn access_in_short(
    user: User,
    path: web::Path<(String, String)>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<Access>, Problem> {
    access(user, path, coordinator).await
}

/// Reads what is to be done with a challenge. That it is not there is said before what is wrong with the request.
async fn asked<F: DeserializeOwned + Default>(
    coordinator: &Coordinator,
    key: &str,
    body: Lazy<F>,
    wait: &Wait,
) -> Result<(F, Duration), Problem> {
    coordinator.deployments.get(key).await?;
    Ok((body.read_if_any()?, checked(wait)?))
}

/// Answers with the changed challenge, when nothing of it is on its way any more or the time is over.
async fn answer(
    coordinator: &Coordinator,
    changed: Result<Deployment, CoreError>,
    wait: Duration,
    user: &User,
) -> Result<Json<Challenge>, Problem> {
    let mut seen = changed.map_err(refused)?;
    if !wait.is_zero() {
        seen = coordinator.deployments.settled(&seen.challenge.key, wait).await?;
    }
    Ok(Json(Challenge::new(seen, user)))
}

fn missing() -> Problem {
    Problem::new(Code::NotFound).because("there is no instance of this team")
}

fn checked(wait: &Wait) -> Result<Duration, Problem> {
    let seconds = wait.wait.unwrap_or(0);
    let refuse = || unprocessable(format!("wait: {seconds}, not from 0 to {MAX_WAIT}"));
    (seconds <= MAX_WAIT).then(|| Duration::from_secs(seconds.into())).ok_or_else(refuse)
}
