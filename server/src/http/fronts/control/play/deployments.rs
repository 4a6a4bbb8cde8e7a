//! Challenges that are deployed for all teams, for operators.

use crate::http::fronts::pacstar::Endpoint;
use crate::http::openapi::answers::{Conflict, Missing};
use crate::http::state::Shared;
use crate::http::{Operator, Problem, Viewer};
use crate::words::{DeploymentStatus, DesiredState};
use actix_web::web::{Json, Path};
use challengectl_common::{EngineId, RunnerId, Timestamp};
use challengectl_coordinator::deployments::{DeployedChallenge, Deployment, Instance};
use challengectl_coordinator::{Coordinator, Role};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[schema(as = DeploymentList)]
pub struct List {
    deployments: Vec<DeploymentView>,
}

/// A challenge that each team has an instance of, in a cluster.
#[derive(Serialize, ToSchema)]
#[schema(as = Deployment)]
pub struct DeploymentView {
    /// 24 hexadecimal digits.
    deployment_id: String,
    /// Its number among the challenges that have instances.
    challenge_id: i64,
    challenge: String,
    /// Whether it may be deployed.
    active: bool,
    /// The teams that the next deploy has instances for.
    total_teams: u32,
    status: DeploymentStatus,
    /// Whether the next deploy of all teams changes what runs.
    pending_changes: bool,
    /// Null before the first deploy, like the engine.
    runner_id: Option<RunnerId>,
    engine_id: Option<EngineId>,
    /// By team.
    instances: Vec<TeamInstance>,
}

/// The instance of a team.
#[derive(Serialize, ToSchema)]
struct TeamInstance {
    /// Such as `team-001`.
    team: String,
    /// Its number among all instances.
    instance_id: i64,
    status: DeploymentStatus,
    desired: DesiredState,
    /// An IP address or a host name; null as long as there is none.
    address: Option<String>,
    /// Such as `http://192.168.250.101/` or `tcp://192.168.250.101:1337`.
    url: Option<String>,
    /// Why it does not run.
    message: Option<String>,
    namespace: String,
    /// The pods, as they are called now.
    pods: Vec<String>,
    /// The node of the pod.
    node: Option<String>,
    /// How often containers of the pods were started again.
    restarts: u32,
    /// When it was deployed, or last replaced.
    since: Timestamp,
    /// When its cluster was last seen.
    seen_at: Option<Timestamp>,
}

/// List the challenges that are deployed for all teams, the oldest first.
#[utoipa::path(get, path = "/api/deployments", responses((status = OK, body = List)))]
pub async fn list(Viewer(person): Viewer, coordinator: Shared<Coordinator>) -> Result<Json<List>, Problem> {
    let mut deployments = coordinator.deployments.all().await?;
    if person.role < Role::Operator {
        deployments.iter_mut().flat_map(|it| &mut it.instances).for_each(Instance::hide_details);
    }
    Ok(Json(List { deployments: deployments.into_iter().map(DeploymentView::from).collect() }))
}

/// Replace all instances of a challenge.
///
/// They become as the challenge is now, three at a time; those that are stopped run again. Their addresses stay.
#[utoipa::path(
    post, path = "/api/deployments/{deployment_id}/redeploy",
    responses((status = OK, body = DeploymentView), Missing, Conflict)
)]
pub async fn redeploy(
    Operator(person): Operator,
    key: Path<String>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<DeploymentView>, Problem> {
    let seen = coordinator.deployments.deploy(key.into_inner(), true, person.actor()).await?;
    Ok(Json(seen.into()))
}

/// Stop all instances of a challenge.
///
/// Their addresses stay. A redeploy brings them back.
#[utoipa::path(
    post, path = "/api/deployments/{deployment_id}/stop",
    responses((status = OK, body = DeploymentView), Missing)
)]
pub async fn stop(
    Operator(person): Operator,
    key: Path<String>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<DeploymentView>, Problem> {
    let seen = coordinator.deployments.stop(key.into_inner(), false, person.actor()).await?;
    Ok(Json(seen.into()))
}

/// Replace the instance of a team.
///
/// It becomes as the last deploy asked for; one that is stopped runs again. Its address stays.
#[utoipa::path(
    post, path = "/api/deployments/{deployment_id}/teams/{team}/redeploy",
    responses((status = OK, body = DeploymentView), Missing, Conflict)
)]
pub async fn redeploy_team(
    Operator(person): Operator,
    path: Path<(String, String)>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<DeploymentView>, Problem> {
    let (key, team) = path.into_inner();
    Ok(Json(coordinator.deployments.redeploy_team(key, team, person.actor()).await?.into()))
}

/// Stop the instance of a team.
///
/// Its address stays. A redeploy brings it back.
#[utoipa::path(
    post, path = "/api/deployments/{deployment_id}/teams/{team}/stop",
    responses((status = OK, body = DeploymentView), Missing)
)]
pub async fn stop_team(
    Operator(person): Operator,
    path: Path<(String, String)>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<DeploymentView>, Problem> {
    let (key, team) = path.into_inner();
    Ok(Json(coordinator.deployments.stop_team(key, team, person.actor()).await?.into()))
}

impl From<Deployment> for DeploymentView {
    fn from(it: Deployment) -> Self {
        let pending_changes = it.has_pending_changes();
        let Deployment { challenge, status, instances } = it;
        let instances = instances.into_iter().map(|it| TeamInstance::new(&challenge, it)).collect();
        let (runner_id, engine_id) = challenge.engine.unzip();
        Self {
            deployment_id: challenge.key,
            challenge_id: challenge.id,
            challenge: challenge.name,
            active: challenge.active,
            total_teams: challenge.teams,
            status: status.into(),
            pending_changes,
            runner_id,
            engine_id,
            instances,
        }
    }
}

impl TeamInstance {
    fn new(challenge: &DeployedChallenge, it: Instance) -> Self {
        let endpoint = Endpoint::of(&it);
        let (address, url) = (endpoint.address(), endpoint.url(challenge, &it));
        Self {
            team: it.team,
            instance_id: it.slot.session_id,
            status: it.status.into(),
            desired: it.desired.into(),
            address,
            url,
            message: it.message,
            namespace: it.slot.namespace,
            pods: it.slot.deployed.pods,
            node: it.slot.deployed.node,
            restarts: it.slot.deployed.restarts,
            since: it.slot.created_at,
            seen_at: it.seen_at,
        }
    }
}
