use super::done;
use crate::http::extract::principal::Stopper;
use crate::http::openapi::answers::{Conflict, Done};
use crate::http::state::Shared;
use crate::http::{Admin, Operator, Problem, Viewer};
use actix_web::HttpResponse;
use challengectl_common::Timestamp;
use challengectl_coordinator::{self, Coordinator, Decision};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[schema(as = ControlStatus)]
struct Status {
    /// Whether work is handed out.
    distributing: bool,
    paused: bool,
    paused_at: Option<Timestamp>,
    paused_by: Option<String>,
    emergency_stop: bool,
    stopped_at: Option<Timestamp>,
    stopped_by: Option<String>,
    /// The latest emergency stop that was lifted.
    released_at: Option<Timestamp>,
    released_by: Option<String>,
    /// Whether the conference's hours have it closed, and until when. Null: for ever.
    closed_by_hours: bool,
    opens_at: Option<Timestamp>,
    /// When the hours close it next.
    closes_at: Option<Timestamp>,
    /// Who keeps it open outside of the hours.
    opened_at: Option<Timestamp>,
    opened_by: Option<String>,
    /// Assignments that are not over.
    on_air: usize,
}

/// Tells what holds the system back.
#[utoipa::path(get, path = "/api/control/status", responses((status = OK, body = Status)))]
pub async fn status(_: Viewer, coordinator: Shared<Coordinator>) -> Result<HttpResponse, Problem> {
    let ((gate, on_air), now) = (coordinator.gate().await?, coordinator.now());
    let (closed_by_hours, next_change) = (gate.is_closed_by_hours(now), gate.next_change(now));
    let (opened_at, opened_by) = split(gate.opened(now).cloned());
    let distributing = gate.is_open(now);
    let control = gate.control;
    let (paused_at, paused_by) = split(control.paused);
    let (stopped_at, stopped_by) = split(control.stopped);
    let (released_at, released_by) = split(control.released);
    Ok(HttpResponse::Ok().json(Status {
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
    }))
}

fn split(decision: Option<Decision>) -> (Option<Timestamp>, Option<String>) {
    decision.map(|Decision { by, at }| (at, by)).unzip()
}

/// Hands out nothing new.
#[utoipa::path(post, path = "/api/control/pause", responses(Done))]
pub async fn pause(Operator(person): Operator, coordinator: Shared<Coordinator>) -> Result<HttpResponse, Problem> {
    coordinator.pause(person.by()).await?;
    Ok(done("System paused"))
}

/// Lifts a pause, and opens outside of the conference's hours.
#[utoipa::path(post, path = "/api/control/resume", responses(Done, Conflict))]
pub async fn resume(Operator(person): Operator, coordinator: Shared<Coordinator>) -> Result<HttpResponse, Problem> {
    coordinator.resume(person.by()).await?;
    Ok(done("System resumed"))
}

#[derive(Serialize, ToSchema)]
#[schema(as = EmergencyStopped)]
struct Stopped {
    status: &'static str,
    message: &'static str,
    /// Assignments that it ended.
    aborted: usize,
    /// Whether the database holds it. If not, it is in force all the same, and recording is tried again; a restart of
    /// the server keeps it unless `details` say otherwise.
    recorded: bool,
    /// Why it is not recorded yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<String>,
}

/// Cuts every carrier.
#[utoipa::path(post, path = "/api/control/emergency-stop", responses((status = OK, body = Stopped)))]
pub async fn emergency_stop(
    Stopper(person): Stopper,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    let challengectl_coordinator::Stopped { aborted, unrecorded } = coordinator.emergency_stop(person.by()).await?;
    let recorded = unrecorded.is_none();
    let message = match recorded {
        true => "Emergency stop: every carrier goes off",
        false => "Emergency stop: every carrier goes off; it is not recorded yet",
    };
    Ok(HttpResponse::Ok().json(Stopped { status: "success", message, aborted, recorded, details: unrecorded }))
}

/// Lifts an emergency stop.
#[utoipa::path(post, path = "/api/control/release", responses(Done, Conflict))]
pub async fn release(Operator(person): Operator, coordinator: Shared<Coordinator>) -> Result<HttpResponse, Problem> {
    coordinator.release(person.by()).await?;
    Ok(done("Emergency stop released"))
}

/// Ends the server; this is answered first, as is everything that was asked before.
#[utoipa::path(post, path = "/api/control/stop", responses(Done))]
pub async fn stop(Admin(person): Admin, coordinator: Shared<Coordinator>) -> Result<HttpResponse, Problem> {
    coordinator.ask_to_end(person.by()).await?;
    Ok(done("Server stopping..."))
}
