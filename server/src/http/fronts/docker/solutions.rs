//! Solutions of challenges, for organisers.

use super::fields::Fields;
use super::principal::Organiser;
use super::wire::{Data, Done, OfChallenge, SolutionForm, SolutionView};
use super::{number, renamed};
use crate::http::Problem;
use crate::http::extract::body::With;
use crate::http::extract::query::Query;
use crate::http::openapi::answers::{Conflict, Missing};
use crate::http::problem::Code;
use crate::http::state::Shared;
use actix_web::web::{self, Json};
use challengectl_coordinator::Coordinator;
use challengectl_coordinator::catalog::{Attachment, AttachmentKind};
use serde_json::{Map, Value, json};

/// When players read a solution.
const STATES: [&str; 3] = ["hidden", "visible", "solved"];

/// List the solutions.
#[utoipa::path(get, path = "/api/v1/solutions", responses((status = OK, body = Data<Vec<SolutionView>>), Missing))]
pub async fn list(
    With(_, Query(query)): With<Organiser, Query<OfChallenge>>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<Data<Vec<SolutionView>>>, Problem> {
    let challenge = query.challenge_id.map(|id| number("Challenge", &id)).transpose()?;
    let all = coordinator.catalog.attachments(AttachmentKind::Solution, challenge).await?;
    Ok(Json(Data::new(all.into_iter().map(SolutionView::from).collect())))
}

/// Add the solution of a challenge, which has at most one.
#[utoipa::path(
    post, path = "/api/v1/solutions", request_body = SolutionForm,
    responses((status = OK, body = Data<SolutionView>), Missing, Conflict)
)]
pub async fn create(
    With(Organiser(person), fields): With<Organiser, Fields>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<Data<SolutionView>>, Problem> {
    let challenge = fields.challenge(["challenge_id", "challenge"])?;
    let content = given(&fields)?;
    if !coordinator.catalog.attachments(AttachmentKind::Solution, Some(challenge)).await?.is_empty() {
        return Err(Problem::new(Code::Conflict).because("the challenge has a solution; change that one"));
    }
    let solution = coordinator.catalog.attach(challenge, AttachmentKind::Solution, content, person.actor()).await;
    Ok(Json(Data::new(solution.map_err(renamed("Challenge"))?.into())))
}

/// Get a solution.
#[utoipa::path(get, path = "/api/v1/solutions/{solution_id}", responses((status = OK, body = Data<SolutionView>)))]
pub async fn read(
    _: Organiser,
    id: web::Path<String>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<Data<SolutionView>>, Problem> {
    let id = number("Solution", &id)?;
    let solution = coordinator.catalog.attachment(AttachmentKind::Solution, id).await.map_err(renamed("Solution"))?;
    Ok(Json(Data::new(solution.into())))
}

/// Change a solution: the fields that are given.
#[utoipa::path(
    patch, path = "/api/v1/solutions/{solution_id}", request_body = SolutionForm,
    responses((status = OK, body = Data<SolutionView>))
)]
pub async fn update(
    With(Organiser(person), fields): With<Organiser, Fields>,
    id: web::Path<String>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<Data<SolutionView>>, Problem> {
    let (id, given) = (number("Solution", &id)?, given(&fields)?);
    let solution = coordinator.catalog.change_attachment(AttachmentKind::Solution, id, given, person.actor()).await;
    Ok(Json(Data::new(solution.map_err(renamed("Solution"))?.into())))
}

/// Delete a solution.
#[utoipa::path(delete, path = "/api/v1/solutions/{solution_id}", responses((status = OK, body = Done)))]
pub async fn delete(
    Organiser(person): Organiser,
    id: web::Path<String>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<Done>, Problem> {
    let id = number("Solution", &id)?;
    coordinator.catalog.detach(AttachmentKind::Solution, id, person.actor()).await.map_err(renamed("Solution"))?;
    Ok(Json(Done::DONE))
}

fn given(fields: &Fields) -> Result<Map<String, Value>, Problem> {
    let mut given = Map::new();
    given.extend(fields.text("content")?.map(|text| ("content".to_owned(), json!(text))));
    if let Some(state) = fields.text("state")?.filter(|state| !state.is_empty()) {
        if !STATES.contains(&state) {
            return Err(Problem::invalid(format!("state: must be one of {}", STATES.join(", "))));
        }
        given.insert("state".to_owned(), json!(state));
    }
    Ok(given)
}

impl From<Attachment> for SolutionView {
    fn from(it: Attachment) -> Self {
        let state = Some(it.text("state")).filter(|state| !state.is_empty()).unwrap_or("hidden").to_owned();
        Self { id: it.id, challenge_id: it.challenge_id, content: it.text("content").to_owned(), state }
    }
}
