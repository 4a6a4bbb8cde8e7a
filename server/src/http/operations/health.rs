use crate::core::Coordinator;
use actix_web::{HttpResponse, web};
use challengectl_common::Timestamp;
use serde::Serialize;

#[derive(Serialize)]
struct Health {
    status: &'static str,
    timestamp: Timestamp,
}

/// Tells that the server answers.
pub async fn health(coordinator: web::Data<Coordinator>) -> HttpResponse {
    HttpResponse::Ok().json(Health { status: "ok", timestamp: coordinator.now() })
}
