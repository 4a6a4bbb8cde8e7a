use crate::http::extract::anybody::Anybody;
use crate::http::state::Shared;
use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use challengectl_common::Timestamp;
use challengectl_coordinator::Coordinator;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
struct Ready {
    status: &'static str,
    checks: BTreeMap<&'static str, &'static str>,
    timestamp: Timestamp,
}

#[derive(Serialize, ToSchema)]
struct NotReady {
    error: &'static str,
    details: String,
    checks: BTreeMap<&'static str, &'static str>,
}

/// Check whether the server is ready, and if not, why.
#[utoipa::path(
    get, path = "/ready",
    responses((status = OK, body = Ready), (status = SERVICE_UNAVAILABLE, body = NotReady))
)]
pub async fn ready(_: Anybody, coordinator: Shared<Coordinator>) -> HttpResponse {
    let readiness = coordinator.maintenance.readiness().await;
    let checks = readiness.checks.iter().map(|(name, check)| (*name, check.err().unwrap_or("ok"))).collect();
    let problems = readiness.problems();
    let mut response = if problems.is_empty() { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    response.insert_header((CACHE_CONTROL, HeaderValue::from_static("no-store")));
    if problems.is_empty() {
        response.json(Ready { status: "ready", checks, timestamp: coordinator.context.now() })
    } else {
        response.json(NotReady { error: "not ready", details: problems.join("; "), checks })
    }
}
