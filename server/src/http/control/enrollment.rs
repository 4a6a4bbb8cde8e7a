use crate::core::Coordinator;
use crate::http::ApiError;
use crate::http::body::Json;
use crate::http::openapi::answers::Unauthorized;
use actix_web::{HttpResponse, web};
use challengectl_common::wire::{EnrollRequest, EnrollResponse};
use std::sync::Arc;

/// Turns a one-time token into a runner's key.
#[utoipa::path(
    post, path = "/api/enrollment/enroll",
    responses((status = CREATED, body = EnrollResponse), Unauthorized)
)]
pub async fn enroll(
    coordinator: web::Data<Coordinator>,
    Json(request): Json<EnrollRequest>,
) -> Result<HttpResponse, ApiError> {
    let coordinator: Arc<Coordinator> = coordinator.into_inner();
    let enrolment = coordinator.enrol(&request.enrollment_token).await?;
    Ok(HttpResponse::Created().json(EnrollResponse {
        status: "success".to_owned(),
        runner_id: enrolment.runner_id,
        api_key: enrolment.api_key,
    }))
}
