use crate::events::PublicChallenges;
use crate::http::Problem;
use crate::http::extract::anybody::Anybody;
use crate::http::state::Shared;
use actix_web::HttpResponse;
use challengectl_coordinator::Coordinator;

/// List the enabled challenges as the public sees them.
#[utoipa::path(get, path = "/api/public/challenges", responses((status = OK, body = PublicChallenges)))]
pub async fn challenges(_: Anybody, coordinator: Shared<Coordinator>) -> Result<HttpResponse, Problem> {
    let challenges = coordinator.views.public_challenges().await?;
    Ok(HttpResponse::Ok().json(PublicChallenges::new(challenges, coordinator.context.now())))
}
