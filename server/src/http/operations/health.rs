use crate::http::extract::anybody::Anybody;
use crate::http::state::Shared;
use actix_web::HttpResponse;
use challengectl_common::Timestamp;
use challengectl_coordinator::Coordinator;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
struct Health {
    status: &'static str,
    timestamp: Timestamp,
}

/// Check that the server answers.
#[utoipa::path(get, path = "/health", responses((status = OK, body = Health)))]
pub async fn health(_: Anybody, coordinator: Shared<Coordinator>) -> HttpResponse {
    HttpResponse::Ok().json(Health { status: "ok", timestamp: coordinator.context.now() })
}

/// Check that the server answers (the same as `/health`).
#[utoipa::path(get, path = "/api/health", responses((status = OK, body = Health)))]
pub async fn api_health(anybody: Anybody, coordinator: Shared<Coordinator>) -> HttpResponse {
    health(anybody, coordinator).await
}
