use crate::http::extract::principal::Watcher;
use crate::http::state::Shared;
use crate::http::{Problem, Viewer};
use actix_web::HttpResponse;
use challengectl_common::{Band, Frequency, RadioId, RunnerId, Timestamp};
use challengectl_coordinator::bus::alarms::Alarm as Raised;
use challengectl_coordinator::{Coordinator, OnAir};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
struct Alarms {
    alarms: Vec<Alarm>,
}

#[derive(Serialize, ToSchema)]
struct Alarm {
    /// `runner_silent`, `runner_twice`, `runner_moved`, `radio_failed`, `challenge_unsendable`, `stop_unrecorded`,
    /// `restored` or `clock`.
    kind: &'static str,
    /// The runner, its radio (`RUNNER/RADIO`) or the challenge; empty for the server itself.
    subject: String,
    /// The problem, and the way out.
    message: String,
    since: Timestamp,
}

/// List the alarms in force.
#[utoipa::path(get, path = "/api/alarms", responses((status = OK, body = Alarms)))]
pub async fn list(_: Watcher, coordinator: Shared<Coordinator>) -> Result<HttpResponse, Problem> {
    let alarms = coordinator.context.alarms().into_iter().map(Alarm::from).collect();
    Ok(HttpResponse::Ok().json(Alarms { alarms }))
}

impl From<Raised> for Alarm {
    fn from(Raised { kind, subject, message, since }: Raised) -> Self {
        Self { kind: kind.as_str(), subject, message, since }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = OnAirNow)]
struct Transmissions {
    on_air: Vec<Transmission>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = OnAir)]
struct Transmission {
    assignment_id: i64,
    challenge_id: i64,
    challenge_name: String,
    modulation: String,
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
    /// `preparing` before the carrier is on, then `on_air`; `ending` when the carrier must go off.
    state: &'static str,
}

/// List the transmissions that are on air or about to be.
#[utoipa::path(get, path = "/api/on-air", responses((status = OK, body = Transmissions)))]
pub async fn on_air(_: Viewer, coordinator: Shared<Coordinator>) -> Result<HttpResponse, Problem> {
    let on_air = coordinator.views.on_air().await?.into_iter().map(Transmission::from).collect();
    Ok(HttpResponse::Ok().json(Transmissions { on_air }))
}

impl From<OnAir> for Transmission {
    fn from(it: OnAir) -> Self {
        let state = match it.progress {
            _ if it.planned.ending => "ending",
            None => "preparing",
            Some(_) => "on_air",
        };
        Self {
            assignment_id: it.planned.assignment_id,
            challenge_id: it.planned.challenge_id,
            challenge_name: it.planned.challenge_name,
            modulation: it.planned.modulation,
            runner_id: it.planned.runner_id,
            radio_id: it.planned.radio_id,
            frequency: it.planned.frequency,
            band: it.planned.band,
            planned_at: it.planned.planned_at,
            duration: it.planned.duration_ms as f64 / 1000.0,
            progress: it.progress,
            state,
        }
    }
}
