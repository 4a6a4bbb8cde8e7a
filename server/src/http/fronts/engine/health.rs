//! Whether this front works.

use super::FRONT;
use super::challenges::epoch;
use crate::http::state::Shared;
use crate::http::{Anybody, Problem};
use actix_web::HttpResponse;
use challengectl_coordinator::Coordinator;
use serde_json::json;

/// Answers monitors.
pub async fn health(_: Anybody, coordinator: Shared<Coordinator>) -> Result<HttpResponse, Problem> {
    let active = coordinator.instances.count_live(FRONT).await?;
    Ok(HttpResponse::Ok().json(json!({
        "status": "healthy",
        "timestamp": epoch(coordinator.context.now()),
        "version": env!("CARGO_PKG_VERSION"),
        "sessions": {"active": active},
        "uptime": coordinator.context.uptime().as_secs_f64(),
    })))
}

/// Lists what there is.
pub async fn index(_: Anybody) -> HttpResponse {
    HttpResponse::Ok().json(json!({
        "name": "ChallengeCtl challenge engine",
        "version": env!("CARGO_PKG_VERSION"),
        "endpoints": {
            "challenges": "/api/challenges",
            "running": "/api/challenges/running",
            "flags": "/api/flags",
            "health": "/api/health",
        },
    }))
}
