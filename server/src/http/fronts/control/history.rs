use crate::http::extract::body::With;
use crate::http::extract::query::{Paging, Query};
use crate::http::state::Shared;
use crate::http::{Problem, Viewer};
use crate::words::{ModulationName, TransmissionStatus};
use actix_web::HttpResponse;
use challengectl_common::Timestamp;
use challengectl_coordinator::Coordinator;
use challengectl_coordinator::views::history::{Filter, LogEntry, Transmission as Stored};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TransmissionQuery {
    /// The maximum number of entries in the answer.
    #[param(maximum = 1000, default = 100)]
    limit: Option<u64>,
    /// Entries to skip.
    #[param(minimum = 0, default = 0)]
    offset: Option<i64>,
    /// Only transmissions of this challenge.
    challenge_id: Option<i64>,
    /// Only transmissions of this runner.
    runner_id: Option<String>,
    /// Only transmissions with this status.
    #[param(inline)]
    status: Option<TransmissionStatus>,
}

#[derive(Serialize, ToSchema)]
struct Transmissions {
    transmissions: Vec<Transmission>,
    total: u64,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Transmission {
    log_id: i64,
    challenge_id: i64,
    challenge_name: String,
    runner_id: String,
    radio_id: String,
    frequency: u64,
    modulation: ModulationName,
    status: TransmissionStatus,
    /// When the carrier went on; if it never did, the time of the assignment.
    timestamp: Timestamp,
    started_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    error_message: Option<String>,
    /// Whether the radio sends nothing, so that nothing was on air.
    simulated: bool,
}

/// List transmissions, newest first.
#[utoipa::path(get, path = "/api/transmissions", responses((status = OK, body = Transmissions)))]
pub async fn transmissions(
    With(_, Query(query)): With<Viewer, Query<TransmissionQuery>>,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    let page = Paging { limit: query.limit, offset: query.offset }.page()?;
    let filter =
        Filter { challenge_id: query.challenge_id, runner_id: query.runner_id, status: query.status.map(Into::into) };
    let (list, total) = coordinator.views.transmissions(&filter, page).await?;
    let transmissions = list.into_iter().map(Transmission::from).collect();
    Ok(HttpResponse::Ok().json(Transmissions { transmissions, total }))
}

impl From<Stored> for Transmission {
    fn from(stored: Stored) -> Self {
        Self {
            log_id: stored.log_id,
            challenge_id: stored.challenge_id,
            challenge_name: stored.challenge_name,
            runner_id: stored.runner_id,
            radio_id: stored.radio_id,
            frequency: stored.frequency,
            modulation: stored.modulation.into(),
            status: TransmissionStatus::named(&stored.status),
            timestamp: stored.started_at.unwrap_or(stored.planned_at),
            started_at: stored.started_at,
            ended_at: stored.ended_at,
            error_message: stored.error,
            simulated: stored.simulated,
        }
    }
}

#[derive(Serialize, ToSchema)]
struct Logs {
    logs: Vec<Line>,
    total: u64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = LogLine)]
struct Line {
    r#type: &'static str,
    source: String,
    level: String,
    message: String,
    timestamp: Timestamp,
}

/// List log lines of the server and of runners, newest first.
#[utoipa::path(get, path = "/api/logs", responses((status = OK, body = Logs)))]
pub async fn logs(
    With(_, Query(paging)): With<Viewer, Query<Paging>>,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    let (list, total) = coordinator.views.logs(paging.page()?).await?;
    Ok(HttpResponse::Ok().json(Logs { logs: list.into_iter().map(Line::from).collect(), total }))
}

impl From<LogEntry> for Line {
    fn from(entry: LogEntry) -> Self {
        let LogEntry { source, level, message, logged_at } = entry;
        Self { r#type: "log", source, level, message, timestamp: logged_at }
    }
}

#[derive(Serialize, ToSchema)]
struct Dashboard {
    stats: Stats,
}

#[derive(Serialize, ToSchema)]
struct Stats {
    total_runners: usize,
    active_runners: usize,
    total_challenges: usize,
    enabled_challenges: usize,
    /// The number of successful transmissions.
    total_transmissions: u64,
    /// How many of them were by radios that send nothing.
    simulated_transmissions: u64,
    recent_transmissions: Vec<Recent>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = RecentTransmission)]
struct Recent {
    challenge_name: String,
    runner_id: String,
    timestamp: Timestamp,
    status: TransmissionStatus,
    simulated: bool,
}

/// Show the statistics of the dashboard.
#[utoipa::path(get, path = "/api/dashboard", responses((status = OK, body = Dashboard)))]
pub async fn dashboard(_: Viewer, coordinator: Shared<Coordinator>) -> Result<HttpResponse, Problem> {
    let stats = coordinator.views.stats().await?;
    let recent = |stored: Stored| Recent {
        timestamp: stored.started_at.unwrap_or(stored.planned_at),
        challenge_name: stored.challenge_name,
        runner_id: stored.runner_id,
        status: TransmissionStatus::named(&stored.status),
        simulated: stored.simulated,
    };
    let stats = Stats {
        total_runners: stats.runners,
        active_runners: stats.active_runners,
        total_challenges: stats.challenges,
        enabled_challenges: stats.enabled_challenges,
        total_transmissions: stats.transmissions,
        simulated_transmissions: stats.simulated_transmissions,
        recent_transmissions: stats.recent.into_iter().map(recent).collect(),
    };
    Ok(HttpResponse::Ok().json(Dashboard { stats }))
}
