//! Solutions of challenges: for organisers, and for players when their state says so.

use super::OfChallenge;
use super::challenge;
use crate::http::Problem;
use crate::http::extract::body::With;
use crate::http::extract::fields::Fields;
use crate::http::extract::query::Query;
use crate::http::fronts::docker::body::Body;
use crate::http::fronts::docker::envelope::{Data, Done};
use crate::http::fronts::docker::principal::{Organiser, User};
use crate::http::fronts::docker::{number, renamed};
use crate::http::openapi::answers::{Conflict, Missing};
use crate::http::problem::Code;
use crate::http::state::Shared;
use actix_web::web::{self, Json};
use challengectl_coordinator::catalog::{Access, Attachment, AttachmentKind};
use challengectl_coordinator::session::Owner;
use challengectl_coordinator::{Coordinator, Players};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

/// A solution.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerSolution)]
pub struct SolutionView {
    pub id: i64,
    pub challenge_id: i64,
    pub content: String,
    /// `hidden`, `visible` or `solved`.
    pub state: String,
}

/// A solution.
#[derive(ToSchema)]
#[schema(as = DockerSolutionForm, examples(json!({"challenge_id": 1, "content": "Read the source.", "state": "hidden"})))]
#[expect(dead_code, reason = "described here, read by `Fields`")]
pub struct SolutionForm {
    challenge_id: Option<i64>,
    content: Option<String>,
    /// `hidden`, `visible` or `solved`.
    state: Option<String>,
}

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
    With(Organiser(person), Body(fields)): With<Organiser, Body>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<Data<SolutionView>>, Problem> {
    let challenge = challenge(&fields)?;
    let content = given(&fields)?;
    if !coordinator.catalog.attachments(AttachmentKind::Solution, Some(challenge)).await?.is_empty() {
        return Err(Problem::new(Code::Conflict).because("the challenge has a solution; change that one"));
    }
    let solution = coordinator.catalog.attach(challenge, AttachmentKind::Solution, content, person.actor()).await;
    Ok(Json(Data::new(solution.map_err(renamed("Challenge"))?.into())))
}

/// Get a solution.
///
/// Players see one that is `visible`, and one that is `solved` once they have solved its challenge.
#[utoipa::path(get, path = "/api/v1/solutions/{solution_id}", responses((status = OK, body = Data<SolutionView>)))]
pub async fn read(
    User(caller): User,
    id: web::Path<String>,
    coordinator: Shared<Coordinator>,
    players: Shared<Players>,
) -> Result<Json<Data<SolutionView>>, Problem> {
    let (id, owner) = (number("Solution", &id)?, caller.owner(&players)?);
    let solution = coordinator.catalog.attachment(AttachmentKind::Solution, id).await.map_err(renamed("Solution"))?;
    if !caller.is_admin() {
        let listed =
            coordinator.catalog.listed_one(&owner, solution.challenge_id).await.map_err(renamed("Solution"))?;
        if listed.access != Access::Open || !is_readable(&solution, listed.is_solved) {
            return Err(Problem::new(Code::NotFound).because("Solution not found"));
        }
    }
    Ok(Json(Data::new(solution.into())))
}

/// Returns whether a player may read the solution of a challenge that they see, and its files.
pub async fn is_shown(challenge: i64, owner: &Owner, coordinator: &Coordinator) -> Result<bool, Problem> {
    let all = coordinator.catalog.attachments(AttachmentKind::Solution, Some(challenge)).await?;
    let Some(solution) = all.first() else { return Ok(false) };
    let is_solved = coordinator.catalog.listed_one(owner, challenge).await?.is_solved;
    Ok(is_readable(solution, is_solved))
}

/// Returns whether players read a solution of a challenge that they see, and have solved or not.
pub fn is_readable(solution: &Attachment, is_solved: bool) -> bool {
    match solution.text("state") {
        "visible" => true,
        "solved" => is_solved,
        _ => false,
    }
}

/// Change a solution: the fields that are given.
#[utoipa::path(
    patch, path = "/api/v1/solutions/{solution_id}", request_body = SolutionForm,
    responses((status = OK, body = Data<SolutionView>))
)]
pub async fn update(
    With(Organiser(person), Body(fields)): With<Organiser, Body>,
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
