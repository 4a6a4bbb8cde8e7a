use crate::http::extract::body::With;
use crate::http::extract::query::{Paging, Query};
use crate::http::fronts::control::done;
use crate::http::fronts::sessions;
use crate::http::openapi::answers::Done;
use crate::http::problem::Code;
use crate::http::state::Shared;
use crate::http::{Operator, Problem, Viewer};
use crate::words::InstanceState;
use actix_web::{HttpResponse, web};
use challengectl_common::{EngineId, RunnerId, Timestamp};
use challengectl_coordinator::flags::Submission;
use challengectl_coordinator::instances::Placed;
use challengectl_coordinator::players::Player;
use challengectl_coordinator::session::{Owner, SessionState};
use challengectl_coordinator::{Coordinator, Players};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

#[derive(Serialize, ToSchema)]
#[schema(as = InstanceList)]
struct List {
    instances: Vec<InstanceView>,
}

/// An instance that lives, or is being stopped.
#[derive(Serialize, ToSchema)]
#[schema(as = Instance)]
struct InstanceView {
    instance_id: i64,
    challenge_id: i64,
    challenge: String,
    /// The team or the player; of somebody without an account the name that was given.
    owner: String,
    /// Whether the name was given without proof.
    anonymous: bool,
    /// Whether it waits, started, for an owner; then `owner` is empty.
    warm: bool,
    /// The API by which it was started.
    front: String,
    /// Null as long as it is queued, like the engine.
    runner_id: Option<RunnerId>,
    engine_id: Option<EngineId>,
    state: InstanceState,
    requested_at: Timestamp,
    running_at: Option<Timestamp>,
    /// When it ends, unless it is extended.
    expires_at: Timestamp,
    /// When it ends without a sign of life of its owner; null if it needs none.
    idle_at: Option<Timestamp>,
    /// How often it was started again.
    restarts: u32,
    /// Such as `host:30123`, one for each port.
    addresses: Vec<String>,
    /// The path of the pages of its program, if it is one's own, and has a program of the sessions API that runs.
    program: Option<String>,
}

/// List the instances that live, or are being stopped, the newest first.
#[utoipa::path(get, path = "/api/instances", responses((status = OK, body = List)))]
pub async fn list(
    Viewer(person): Viewer,
    coordinator: Shared<Coordinator>,
    players: Shared<Players>,
) -> Result<HttpResponse, Problem> {
    let own = players.owner(&Player::staff(&person))?;
    let mut instances = Vec::new();
    for placed in coordinator.instances.present().await? {
        let challenge = coordinator.instances.challenge(placed.session.challenge_id).await;
        let challenge = challenge.map(|it| it.name.to_string()).unwrap_or_default();
        let owner = match &placed.session.owner {
            owner if owner.is_warm() => String::new(),
            owner => coordinator.flags.name_of(owner).await?,
        };
        let program = (placed.session.owner == own).then(|| program(&placed)).flatten();
        instances.push(view(placed, challenge, owner, program));
    }
    Ok(HttpResponse::Ok().json(List { instances }))
}

/// Returns the path of the pages of a session's program, if it has one that runs.
fn program(placed: &Placed) -> Option<String> {
    let session = &placed.session;
    let has_program = session.front == sessions::FRONT && session.state == SessionState::Running;
    has_program.then(|| format!("/api/sessions/{}/proxy/", session.key))
}

fn view(placed: Placed, challenge: String, owner: String, program: Option<String>) -> InstanceView {
    let state = placed.state().into();
    let Placed { session, ports, .. } = placed;
    let (runner_id, engine_id, host) = match session.place {
        Some(place) => (Some(place.runner_id), Some(place.engine_id), place.host),
        None => Default::default(),
    };
    InstanceView {
        instance_id: session.id,
        challenge_id: session.challenge_id,
        challenge,
        owner,
        anonymous: session.owner.is_anonymous(),
        warm: session.owner.is_warm(),
        front: session.front,
        runner_id,
        engine_id,
        state,
        requested_at: session.requested_at,
        running_at: session.running_at,
        expires_at: session.reap_at,
        idle_at: session.idle_at,
        restarts: session.restarts,
        addresses: ports.iter().map(|it| format!("{host}:{}", it.host_port)).collect(),
        program,
    }
}

/// Stop an instance.
///
/// Its runner removes it as soon as it can. That of a team which is deployed in a cluster keeps its address, and a redeploy
/// brings it back.
#[utoipa::path(delete, path = "/api/instances/{instance_id}", responses(Done))]
pub async fn stop(
    Operator(person): Operator,
    instance_id: web::Path<String>,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    let missing = || Problem::new(Code::NotFound).because("there is no such instance");
    let id = instance_id.parse().map_err(|_| missing())?;
    coordinator.instances.kill(id, person.actor()).await?;
    Ok(done("The instance is being stopped"))
}

/// The API by which instances were started.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum StartedBy {
    Docker,
    Engine,
    Play,
    Sessions,
}

impl StartedBy {
    fn front(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Engine => "engine",
            Self::Play => "play",
            Self::Sessions => "sessions",
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct StopQuery {
    /// The API by which they were started.
    #[param(inline)]
    front: StartedBy,
}

/// Stop all instances that were started by one API.
///
/// Runners remove them as soon as they can. Others can be started meanwhile, and stay.
#[utoipa::path(delete, path = "/api/instances", responses(Done))]
pub async fn stop_all(
    With(Operator(person), Query(query)): With<Operator, Query<StopQuery>>,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    coordinator.instances.kill_all_of_front(query.front.front(), person.actor()).await?;
    Ok(done("The instances are being stopped"))
}

#[derive(Serialize, ToSchema)]
struct Submissions {
    submissions: Vec<SubmissionView>,
    total: u64,
}

/// A flag that somebody has submitted, without its text.
#[derive(Serialize, ToSchema)]
#[schema(as = SubmittedFlag)]
struct SubmissionView {
    submission_id: i64,
    timestamp: Timestamp,
    challenge_id: i64,
    /// Null if it was deleted.
    challenge: Option<String>,
    /// The team or the player; of somebody without an account the name that was given.
    owner: String,
    /// The account that sent it.
    who: Option<String>,
    from_address: Option<String>,
    /// `right`, `repeated`, `wrong`, `member`: right, and other members of the team have to submit a flag as well, or
    /// `shared`: wrong, and the flag of another owner.
    result: String,
    /// The part that a right one solves, from 1.
    part: Option<i64>,
    /// Whose flag a shared one is.
    flag_of: Option<String>,
}

/// List what was submitted, the newest first.
#[utoipa::path(get, path = "/api/submissions", responses((status = OK, body = Submissions)))]
pub async fn submissions(
    With(_, Query(paging)): With<Operator, Query<Paging>>,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    let (list, total) = coordinator.flags.submissions(paging.page()?).await?;
    let mut submissions = Vec::new();
    for submission in list {
        submissions.push(submitted(submission, &coordinator).await?);
    }
    Ok(HttpResponse::Ok().json(Submissions { submissions, total }))
}

async fn submitted(it: Submission, coordinator: &Coordinator) -> Result<SubmissionView, Problem> {
    let name = |owner: Owner| async move { coordinator.flags.name_of(&owner).await };
    let flag_of = match it.flag_of {
        Some(owner) => Some(name(owner).await?),
        None => None,
    };
    Ok(SubmissionView {
        submission_id: it.id,
        timestamp: it.at,
        challenge_id: it.challenge_id,
        challenge: it.challenge_name,
        owner: name(it.owner).await?,
        who: it.who,
        from_address: it.from_address,
        result: it.result,
        part: it.part.map(|part| part + 1),
        flag_of,
    })
}
