use crate::core::Coordinator;
use crate::http::{ApiError, Viewer};
use crate::store::TransmissionStatus;
use crate::store::history::{Filter, Page, Transmission as Stored};
use crate::store::logs::LogEntry;
use actix_web::{HttpRequest, HttpResponse, web};
use challengectl_common::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

const USUAL: u64 = 100;
const MOST: u64 = 1000;

#[derive(Deserialize)]
struct Query {
    limit: Option<u64>,
    offset: Option<u64>,
    challenge_id: Option<i64>,
    runner_id: Option<String>,
    status: Option<String>,
}

#[derive(Serialize)]
struct Transmissions {
    transmissions: Vec<Transmission>,
    total: u64,
}

#[derive(Serialize)]
struct Transmission {
    log_id: i64,
    challenge_id: i64,
    challenge_name: String,
    runner_id: String,
    radio_id: String,
    frequency: u64,
    modulation: String,
    status: String,
    /// When the carrier went on; for one that it never did, when it was planned.
    timestamp: Timestamp,
    started_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    error_message: Option<String>,
}

/// Transmissions, newest first.
pub async fn transmissions(
    _: Viewer,
    coordinator: web::Data<Coordinator>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let query: Query = query(&request)?;
    let page = page(query.limit, query.offset)?;
    let status = query.status.as_deref().map(status).transpose()?;
    let filter = Filter { challenge_id: query.challenge_id, runner_id: query.runner_id, status };
    let (list, total) = coordinator.transmissions(&filter, page).await?;
    let transmissions = list.into_iter().map(Transmission::from).collect();
    Ok(HttpResponse::Ok().json(Transmissions { transmissions, total }))
}

fn status(text: &str) -> Result<TransmissionStatus, ApiError> {
    text.parse().map_err(|error| ApiError::invalid(format!("status: {error}")))
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
            modulation: stored.modulation,
            status: stored.status,
            timestamp: stored.started_at.unwrap_or(stored.planned_at),
            started_at: stored.started_at,
            ended_at: stored.ended_at,
            error_message: stored.error,
        }
    }
}

#[derive(Deserialize)]
struct LogQuery {
    limit: Option<u64>,
    offset: Option<u64>,
}

#[derive(Serialize)]
struct Logs {
    logs: Vec<Line>,
    total: u64,
}

#[derive(Serialize)]
struct Line {
    r#type: &'static str,
    source: String,
    level: String,
    message: String,
    timestamp: Timestamp,
}

/// Log lines of the server and of runners, newest first.
pub async fn logs(
    _: Viewer,
    coordinator: web::Data<Coordinator>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let query: LogQuery = query(&request)?;
    let (list, total) = coordinator.into_inner().logs(page(query.limit, query.offset)?).await?;
    Ok(HttpResponse::Ok().json(Logs { logs: list.into_iter().map(Line::from).collect(), total }))
}

impl From<LogEntry> for Line {
    fn from(entry: LogEntry) -> Self {
        let LogEntry { source, level, message, logged_at } = entry;
        Self { r#type: "log", source, level, message, timestamp: logged_at }
    }
}

#[derive(Serialize)]
struct Dashboard {
    stats: Stats,
}

#[derive(Serialize)]
struct Stats {
    total_runners: usize,
    active_runners: usize,
    total_challenges: usize,
    enabled_challenges: usize,
    total_transmissions: u64,
    recent_transmissions: Vec<Recent>,
}

#[derive(Serialize)]
struct Recent {
    challenge_name: String,
    runner_id: String,
    timestamp: Timestamp,
    status: String,
}

/// The numbers that an operator wants to see first.
pub async fn dashboard(_: Viewer, coordinator: web::Data<Coordinator>) -> Result<HttpResponse, ApiError> {
    let stats = coordinator.stats().await?;
    let recent = |stored: Stored| Recent {
        timestamp: stored.started_at.unwrap_or(stored.planned_at),
        challenge_name: stored.challenge_name,
        runner_id: stored.runner_id,
        status: stored.status,
    };
    let stats = Stats {
        total_runners: stats.runners,
        active_runners: stats.active_runners,
        total_challenges: stats.challenges,
        enabled_challenges: stats.enabled_challenges,
        total_transmissions: stats.transmissions,
        recent_transmissions: stats.recent.into_iter().map(recent).collect(),
    };
    Ok(HttpResponse::Ok().json(Dashboard { stats }))
}

pub fn query<T: DeserializeOwned>(request: &HttpRequest) -> Result<T, ApiError> {
    web::Query::<T>::from_query(request.query_string())
        .map(web::Query::into_inner)
        .map_err(|error| ApiError::invalid(format!("query: {error}")))
}

pub fn page(limit: Option<u64>, offset: Option<u64>) -> Result<Page, ApiError> {
    let limit = limit.unwrap_or(USUAL);
    if limit > MOST {
        return Err(ApiError::invalid(format!("limit: at most {MOST}")));
    }
    Ok(Page { limit, offset: offset.unwrap_or(0) })
}
