use super::done;
use crate::http::extract::body::{Json, With};
use crate::http::extract::principal::Watcher;
use crate::http::openapi::answers::{Done, Missing};
use crate::http::state::Shared;
use crate::http::{Operator, Problem, Viewer};
use crate::words::{AirPhase, AlarmKind, ModulationName};
use actix_web::HttpResponse;
use challengectl_common::{Band, Frequency, RadioId, RunnerId, Timestamp};
use challengectl_coordinator::bus::alarms::{Alarm as Raised, PastAlarm as Past};
use challengectl_coordinator::{Coordinator, OnAir};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::ToSchema;

/// Half a shift: longer, and nobody remembers a shelved alarm.
const MAX_SHELF_MINUTES: u64 = 240;
const MAX_REASON: usize = 500;

#[derive(Serialize, ToSchema)]
struct Alarms {
    alarms: Vec<Alarm>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Alarm {
    /// Identifies the alarm while it lasts.
    alarm_id: String,
    kind: AlarmKind,
    /// The runner, its radio (`RUNNER/RADIO`) or the challenge; empty for the server itself.
    subject: String,
    /// The problem, and the way out.
    message: String,
    since: Timestamp,
    /// Who acknowledged it first.
    acknowledged_by: Option<String>,
    acknowledged_at: Option<Timestamp>,
    /// Who shelved it, until when, and why.
    shelved_by: Option<String>,
    shelved_at: Option<Timestamp>,
    shelved_until: Option<Timestamp>,
    shelved_reason: Option<String>,
}

/// An alarm that is over.
#[derive(Serialize, ToSchema)]
pub(super) struct PastAlarm {
    /// Counts the alarms, in the order in which they began.
    number: u64,
    kind: AlarmKind,
    subject: String,
    message: String,
    since: Timestamp,
    over_at: Timestamp,
    acknowledged_by: Option<String>,
}

/// List the alarms in force.
#[utoipa::path(get, path = "/api/alarms", responses((status = OK, body = Alarms)))]
pub async fn list(_: Watcher, coordinator: Shared<Coordinator>) -> Result<HttpResponse, Problem> {
    let alarms = coordinator.context.alarms().into_iter().map(Alarm::from).collect();
    Ok(HttpResponse::Ok().json(Alarms { alarms }))
}

impl From<Raised> for Alarm {
    fn from(alarm: Raised) -> Self {
        let alarm_id = alarm.id();
        let Raised { kind, subject, message, since, marks, .. } = alarm;
        let (acknowledged_by, acknowledged_at) = marks.acknowledged.map(|mark| (mark.by, mark.at)).unzip();
        let shelved = marks.shelved.map(|it| (it.mark.by, (it.mark.at, (it.until, it.reason))));
        let (shelved_by, rest) = shelved.unzip();
        let (shelved_at, rest) = rest.unzip();
        let (shelved_until, shelved_reason) = rest.unzip();
        Self {
            alarm_id,
            kind: kind.into(),
            subject,
            message,
            since,
            acknowledged_by,
            acknowledged_at,
            shelved_by,
            shelved_at,
            shelved_until,
            shelved_reason,
        }
    }
}

impl From<Past> for PastAlarm {
    fn from(Past { alarm, over_at }: Past) -> Self {
        let Raised { number, kind, subject, message, since, marks } = alarm;
        let acknowledged_by = marks.acknowledged.map(|mark| mark.by);
        Self { number, kind: kind.into(), subject, message, since, over_at, acknowledged_by }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AlarmNamed)]
pub struct Named {
    /// The id from the list of alarms.
    alarm_id: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AlarmShelving)]
pub struct Shelving {
    /// The id from the list of alarms.
    alarm_id: String,
    /// After this many minutes it is shown again.
    #[schema(minimum = 1, maximum = 240)]
    minutes: u64,
    /// The reason, for the next shift.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

/// Acknowledge an alarm, for everyone.
#[utoipa::path(post, path = "/api/alarms/acknowledge", responses(Done, Missing))]
pub async fn acknowledge(
    With(Operator(person), Json(Named { alarm_id })): With<Operator, Json<Named>>,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    coordinator.context.acknowledge_alarm(alarm_id, person.actor()).await?;
    Ok(done("Alarm acknowledged"))
}

/// Hide an alarm for a time, for everyone.
#[utoipa::path(post, path = "/api/alarms/shelve", responses(Done, Missing))]
pub async fn shelve(
    With(Operator(person), Json(Shelving { alarm_id, minutes, reason })): With<Operator, Json<Shelving>>,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    if !(1..=MAX_SHELF_MINUTES).contains(&minutes) {
        return Err(Problem::invalid(format!("minutes: from 1 to {MAX_SHELF_MINUTES}")));
    }
    let length = reason.trim().chars().count();
    if !(1..=MAX_REASON).contains(&length) || reason.contains(char::is_control) {
        return Err(Problem::invalid(format!("reason: one line of 1 to {MAX_REASON} characters")));
    }
    let life = Duration::from_secs(60 * minutes);
    coordinator.context.shelve_alarm(alarm_id, life, reason.trim().to_owned(), person.actor()).await?;
    Ok(done("Alarm shelved"))
}

/// Show a shelved alarm again.
#[utoipa::path(post, path = "/api/alarms/unshelve", responses(Done, Missing))]
pub async fn unshelve(
    With(Operator(person), Json(Named { alarm_id })): With<Operator, Json<Named>>,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    coordinator.context.unshelve_alarm(alarm_id, person.actor()).await?;
    Ok(done("Alarm brought back"))
}

#[derive(Serialize, ToSchema)]
#[schema(as = OnAirNow)]
struct Transmissions {
    on_air: Vec<Transmission>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = OnAir)]
pub(super) struct Transmission {
    assignment_id: i64,
    challenge_id: i64,
    challenge_name: String,
    modulation: ModulationName,
    runner_id: RunnerId,
    radio_id: RadioId,
    frequency: Frequency,
    /// The occupied band.
    band: Band,
    /// When it was assigned.
    planned_at: Timestamp,
    /// The duration of the whole signal in seconds.
    duration: f64,
    /// The part that has been on air, 0 to 1; null before the carrier is on.
    progress: Option<f64>,
    state: AirPhase,
}

/// List the transmissions that are on air or about to be.
#[utoipa::path(get, path = "/api/on-air", responses((status = OK, body = Transmissions)))]
pub async fn on_air(_: Viewer, coordinator: Shared<Coordinator>) -> Result<HttpResponse, Problem> {
    let on_air = coordinator.views.on_air().await?.into_iter().map(Transmission::from).collect();
    Ok(HttpResponse::Ok().json(Transmissions { on_air }))
}

impl From<OnAir> for Transmission {
    fn from(it: OnAir) -> Self {
        Self {
            state: it.phase().into(),
            assignment_id: it.planned.assignment_id,
            challenge_id: it.planned.challenge_id,
            challenge_name: it.planned.challenge_name,
            modulation: it.planned.modulation.into(),
            runner_id: it.planned.runner_id,
            radio_id: it.planned.radio_id,
            frequency: it.planned.frequency,
            band: it.planned.band,
            planned_at: it.planned.planned_at,
            duration: it.planned.duration_ms as f64 / 1000.0,
            progress: it.progress,
        }
    }
}
