//! What has to be solved before a challenge.

use crate::http::Problem;
use crate::http::fronts::docker::envelope::Data;
use crate::http::fronts::docker::principal::Organiser;
use crate::http::fronts::docker::{number, renamed};
use crate::http::state::Shared;
use actix_web::web::{self, Json};
use challengectl_coordinator::Coordinator;
use challengectl_coordinator::catalog::Requirements;
use serde::Serialize;
use utoipa::ToSchema;

/// What has to be solved before a challenge.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerRequirements)]
pub struct RequirementsView {
    pub prerequisites: Vec<i64>,
    /// Whether the challenge is listed without its name until then.
    pub anonymize: Option<bool>,
}

impl From<Requirements> for RequirementsView {
    fn from(it: Requirements) -> Self {
        Self { prerequisites: it.prerequisites, anonymize: it.anonymize }
    }
}

/// Get what a challenge requires; null: nothing.
#[utoipa::path(
    get, path = "/api/v1/challenges/{challenge_id}/requirements",
    responses((status = OK, body = Data<Option<RequirementsView>>))
)]
pub async fn read(
    _: Organiser,
    id: web::Path<String>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<Data<Option<RequirementsView>>>, Problem> {
    let id = number("Challenge", &id)?;
    let entry = coordinator.catalog.entry(id).await.map_err(renamed("Challenge"))?;
    Ok(Json(Data::new(entry.card.requirements.map(Into::into))))
}
