//! Whether this front works, and its description.

use super::seconds;
use super::wire::Health;
use crate::http::openapi::answers::Unavailable;
use crate::http::openapi::pages;
use crate::http::state::Shared;
use crate::http::{Anybody, Problem};
use actix_web::HttpResponse;
use actix_web::web::Json;
use challengectl_coordinator::Coordinator;

/// Report whether this front works.
#[utoipa::path(get, path = "/health", responses((status = OK, body = Health), Unavailable))]
pub async fn health(_: Anybody, coordinator: Shared<Coordinator>) -> Result<Json<Health>, Problem> {
    // The database answers.
    coordinator.deployments.addresses().await?;
    Ok(Json(Health { status: "healthy", timestamp: seconds(coordinator.context.now()) }))
}

/// Report whether this front works, below the path of all others.
#[utoipa::path(get, path = "/api/v1/health", responses((status = OK, body = Health), Unavailable))]
pub async fn health_below(visitor: Anybody, coordinator: Shared<Coordinator>) -> Result<Json<Health>, Problem> {
    health(visitor, coordinator).await
}

/// Get this document.
#[utoipa::path(get, path = "/openapi.json", responses((status = OK, content_type = "application/json", body = Object)))]
pub async fn openapi(_: Anybody) -> Result<HttpResponse, Problem> {
    pages::answer("pacstar")
}
