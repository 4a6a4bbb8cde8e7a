use super::done;
use crate::http::extract::principal::Stopper;
use crate::http::openapi::answers::{Conflict, Done};
use crate::http::state::Shared;
use crate::http::{Admin, Operator, Problem, Viewer};
use actix_web::HttpResponse;
use challengectl_common::Timestamp;
use challengectl_coordinator::{self, Coordinator, CoreError, Decision};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[schema(as = ControlStatus)]
pub(super) struct Status {
    /// Whether tasks are assigned.
    distributing: bool,
    paused: bool,
    paused_at: Option<Timestamp>,
    paused_by: Option<String>,
    emergency_stop: bool,
    stopped_at: Option<Timestamp>,
    stopped_by: Option<String>,
    /// When the latest emergency stop was released.
    released_at: Option<Timestamp>,
    released_by: Option<String>,
    /// Whether the conference's hours keep work from being assigned, and until when; null: for ever.
    closed_by_hours: bool,
    opens_at: Option<Timestamp>,
    /// When the hours close next.
    closes_at: Option<Timestamp>,
    /// When it was resumed outside of the hours.
    opened_at: Option<Timestamp>,
    opened_by: Option<String>,
    /// Active assignments.
    on_air: usize,
}

/// Show the operating state.
#[utoipa::path(get, path = "/api/control/status", responses((status = OK, body = Status)))]
pub async fn status(_: Viewer, coordinator: Shared<Coordinator>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(Status::now(&coordinator).await?))
}

impl Status {
    pub(super) async fn now(coordinator: &Coordinator) -> Result<Self, CoreError> {
        let ((operating, on_air), now) = (coordinator.air.operating_state().await?, coordinator.context.now());
        let (closed_by_hours, next_change) = (operating.is_closed_by_hours(now), operating.next_change(now));
        let (opened_at, opened_by) = split(operating.opened(now).cloned());
        let distributing = operating.is_open(now);
        let control = operating.control;
        let (paused_at, paused_by) = split(control.paused);
        let (stopped_at, stopped_by) = split(control.stopped);
        let (released_at, released_by) = split(control.released);
        Ok(Self {
            distributing,
            paused: paused_at.is_some(),
            paused_at,
            paused_by,
            emergency_stop: stopped_at.is_some(),
            stopped_at,
            stopped_by,
            released_at,
            released_by,
            closed_by_hours,
            opens_at: next_change.filter(|_| closed_by_hours),
            closes_at: next_change.filter(|_| !closed_by_hours),
            opened_at,
            opened_by,
            on_air,
        })
    }
}

fn split(decision: Option<Decision>) -> (Option<Timestamp>, Option<String>) {
    decision.map(|Decision { actor, at }| (at, actor)).unzip()
}

/// Pause.
#[utoipa::path(post, path = "/api/control/pause", responses(Done))]
pub async fn pause(Operator(person): Operator, coordinator: Shared<Coordinator>) -> Result<HttpResponse, Problem> {
    coordinator.air.pause(person.actor()).await?;
    Ok(done("System paused"))
}

/// Resume, even outside of the conference's hours.
#[utoipa::path(post, path = "/api/control/resume", responses(Done, Conflict))]
pub async fn resume(Operator(person): Operator, coordinator: Shared<Coordinator>) -> Result<HttpResponse, Problem> {
    coordinator.air.resume(person.actor()).await?;
    Ok(done("System resumed"))
}

#[derive(Serialize, ToSchema)]
#[schema(as = EmergencyStopped)]
struct Stopped {
    status: &'static str,
    message: &'static str,
    /// The number of assignments that were ended.
    aborted: usize,
    /// Whether the stop is recorded in the database. If not, it is in force all the same, recording is retried, and a
    /// restart of the server keeps it unless `details` say otherwise.
    recorded: bool,
    /// Why the stop is not recorded yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<String>,
}

/// Stop every transmission at once (emergency stop).
#[utoipa::path(post, path = "/api/control/emergency-stop", responses((status = OK, body = Stopped)))]
pub async fn emergency_stop(
    Stopper(person): Stopper,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    let challengectl_coordinator::Stopped { aborted, unrecorded } =
        coordinator.air.emergency_stop(person.actor()).await?;
    let recorded = unrecorded.is_none();
    let message = match recorded {
        true => "Emergency stop: every carrier goes off",
        false => "Emergency stop: every carrier goes off; it is not recorded yet",
    };
    Ok(HttpResponse::Ok().json(Stopped { status: "success", message, aborted, recorded, details: unrecorded }))
}

/// Release an emergency stop.
#[utoipa::path(post, path = "/api/control/release", responses(Done, Conflict))]
pub async fn release(Operator(person): Operator, coordinator: Shared<Coordinator>) -> Result<HttpResponse, Problem> {
    coordinator.air.release(person.actor()).await?;
    Ok(done("Emergency stop released"))
}

/// Stop the server.
///
/// This and all earlier requests are answered first.
#[utoipa::path(post, path = "/api/control/stop", responses(Done))]
pub async fn stop(Admin(person): Admin, coordinator: Shared<Coordinator>) -> Result<HttpResponse, Problem> {
    coordinator.air.ask_to_end(person.actor()).await?;
    Ok(done("Server stopping..."))
}
