//! Whether this front works.

use super::wire::{Health, Index, LiveSessions};
use super::{FRONT, epoch};
use crate::http::openapi::answers::Unavailable;
use crate::http::state::Shared;
use crate::http::{Anybody, Problem};
use actix_web::web::Json;
use challengectl_coordinator::Coordinator;
use std::collections::BTreeMap;

/// Report whether this front works.
#[utoipa::path(get, path = "/api/health", responses((status = OK, body = Health), Unavailable))]
pub async fn health(_: Anybody, coordinator: Shared<Coordinator>) -> Result<Json<Health>, Problem> {
    let active = coordinator.instances.count_live(FRONT).await?;
    Ok(Json(Health {
        status: "healthy",
        timestamp: epoch(coordinator.context.now()),
        version: env!("CARGO_PKG_VERSION"),
        sessions: LiveSessions { active },
        uptime: coordinator.context.uptime().as_secs_f64(),
    }))
}

/// List what there is.
#[utoipa::path(get, path = "/api", responses((status = OK, body = Index)))]
pub async fn index(_: Anybody) -> Json<Index> {
    let endpoints = [
        ("challenges", "/api/challenges"),
        ("running", "/api/challenges/running"),
        ("flags", "/api/flags"),
        ("health", "/api/health"),
    ];
    Json(Index {
        name: "ChallengeCtl challenge engine",
        version: env!("CARGO_PKG_VERSION"),
        endpoints: BTreeMap::from(endpoints),
    })
}
