//! Hints.

use super::OfChallenge;
use super::{attached, challenge};
use crate::http::Problem;
use crate::http::extract::body::With;
use crate::http::extract::fields::Fields;
use crate::http::extract::query::Query;
use crate::http::fronts::docker::body::Body;
use crate::http::fronts::docker::envelope::{Data, Done};
use crate::http::fronts::docker::principal::{Organiser, User};
use crate::http::fronts::docker::{number, renamed};
use crate::http::openapi::answers::Missing;
use crate::http::problem::Code;
use crate::http::state::Shared;
use actix_web::web::{self, Json};
use challengectl_coordinator::catalog::{Access, Attachment, AttachmentKind};
use challengectl_coordinator::{Coordinator, Players};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

/// A hint.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerHint)]
pub struct HintView {
    pub id: i64,
    pub r#type: &'static str,
    pub challenge_id: i64,
    pub challenge: i64,
    pub title: String,
    pub cost: i64,
    /// Absent for players, if it costs something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    pub requirements: Option<Value>,
}

/// A hint.
#[derive(ToSchema)]
#[schema(as = DockerHintForm, examples(json!({"challenge_id": 1, "content": "Look at the cookies.", "cost": 0})))]
#[expect(dead_code, reason = "described here, read by `Fields`")]
pub struct HintForm {
    challenge_id: Option<i64>,
    content: Option<String>,
    title: Option<String>,
    cost: Option<i64>,
    /// `{"prerequisites": [1]}`: other hints.
    requirements: Option<Value>,
}

/// List the hints of all challenges, or of one.
#[utoipa::path(get, path = "/api/v1/hints", responses((status = OK, body = Data<Vec<HintView>>), Missing))]
pub async fn list(
    With(_, Query(query)): With<Organiser, Query<OfChallenge>>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<Data<Vec<HintView>>>, Problem> {
    let challenge = query.challenge_id.map(|id| number("Challenge", &id)).transpose()?;
    let all = coordinator.catalog.attachments(AttachmentKind::Hint, challenge).await?;
    Ok(Json(Data::new(all.iter().map(|hint| view(hint, true)).collect())))
}

/// List the hints of a challenge.
#[utoipa::path(
    get, path = "/api/v1/challenges/{challenge_id}/hints", responses((status = OK, body = Data<Vec<HintView>>))
)]
pub async fn of_challenge(
    _: Organiser,
    id: web::Path<String>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<Data<Vec<HintView>>>, Problem> {
    let all = attached(AttachmentKind::Hint, &id, &coordinator).await?;
    Ok(Json(Data::new(all.iter().map(|hint| view(hint, true)).collect())))
}

/// Add a hint to a challenge.
#[utoipa::path(
    post, path = "/api/v1/hints", request_body = HintForm, responses((status = OK, body = Data<HintView>), Missing)
)]
pub async fn create(
    With(Organiser(person), Body(fields)): With<Organiser, Body>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<Data<HintView>>, Problem> {
    let challenge = challenge(&fields)?;
    let mut content = given(&fields)?;
    content.entry("content").or_insert_with(|| json!(""));
    let hint = coordinator.catalog.attach(challenge, AttachmentKind::Hint, content, person.actor()).await;
    Ok(Json(Data::new(view(&hint.map_err(renamed("Challenge"))?, true))))
}

/// Get a hint.
///
/// Players see what it says if it costs nothing, or they have unlocked it.
#[utoipa::path(get, path = "/api/v1/hints/{hint_id}", responses((status = OK, body = Data<HintView>)))]
pub async fn read(
    User(caller): User,
    id: web::Path<String>,
    coordinator: Shared<Coordinator>,
    players: Shared<Players>,
) -> Result<Json<Data<HintView>>, Problem> {
    let (id, owner) = (number("Hint", &id)?, caller.owner(&players)?);
    let hint = coordinator.catalog.attachment(AttachmentKind::Hint, id).await.map_err(renamed("Hint"))?;
    let (_, access) = coordinator.catalog.entry_for(&owner, hint.challenge_id).await.map_err(renamed("Hint"))?;
    if access != Access::Open && !caller.is_admin() {
        return Err(Problem::new(Code::NotFound).because("Hint not found"));
    }
    let is_unlocked = coordinator.flags.unlocks(&owner).await?.iter().any(|it| it.hint_id == hint.id);
    Ok(Json(Data::new(view(&hint, caller.is_admin() || is_unlocked))))
}

/// Change a hint: the fields that are given.
#[utoipa::path(
    patch, path = "/api/v1/hints/{hint_id}", request_body = HintForm, responses((status = OK, body = Data<HintView>))
)]
pub async fn update(
    With(Organiser(person), Body(fields)): With<Organiser, Body>,
    id: web::Path<String>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<Data<HintView>>, Problem> {
    let (id, given) = (number("Hint", &id)?, given(&fields)?);
    let hint = coordinator.catalog.change_attachment(AttachmentKind::Hint, id, given, person.actor()).await;
    Ok(Json(Data::new(view(&hint.map_err(renamed("Hint"))?, true))))
}

/// Delete a hint.
#[utoipa::path(delete, path = "/api/v1/hints/{hint_id}", responses((status = OK, body = Done)))]
pub async fn delete(
    Organiser(person): Organiser,
    id: web::Path<String>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<Done>, Problem> {
    let id = number("Hint", &id)?;
    coordinator.catalog.detach(AttachmentKind::Hint, id, person.actor()).await.map_err(renamed("Hint"))?;
    Ok(Json(Done::DONE))
}

fn given(fields: &Fields) -> Result<Map<String, Value>, Problem> {
    let mut given = Map::new();
    for name in ["content", "title"] {
        given.extend(fields.text(name)?.map(|text| (name.to_owned(), json!(text))));
    }
    if let Some(cost) = fields.number("cost")? {
        if !(0..=1_000_000).contains(&cost) {
            return Err(Problem::invalid("cost: from 0 to 1000000"));
        }
        given.insert("cost".to_owned(), json!(cost));
    }
    match fields.get("requirements") {
        None => {}
        Some(Value::Null) => drop(given.insert("requirements".to_owned(), Value::Null)),
        Some(Value::Object(fields)) => {
            let ids = fields.get("prerequisites").and_then(Value::as_array).cloned().unwrap_or_default();
            if ids.len() > 100 || !ids.iter().all(Value::is_i64) {
                return Err(Problem::invalid("requirements: prerequisites are up to 100 numbers of hints"));
            }
            given.insert("requirements".to_owned(), json!({"prerequisites": ids}));
        }
        Some(_) => return Err(Problem::invalid("requirements: must be an object")),
    }
    Ok(given)
}

/// Returns what a hint costs.
pub fn cost(hint: &Attachment) -> i64 {
    hint.content.get("cost").and_then(Value::as_i64).unwrap_or_default()
}

/// Returns whether everybody may read a hint: it costs nothing, and none has to be unlocked before it.
pub fn is_free(hint: &Attachment) -> bool {
    cost(hint) == 0 && prerequisites(hint).is_empty()
}

/// Returns the hints that have to be unlocked before a hint.
pub fn prerequisites(hint: &Attachment) -> Vec<i64> {
    let ids = hint.content.get("requirements").and_then(|it| it.get("prerequisites")).and_then(Value::as_array);
    ids.into_iter().flatten().filter_map(Value::as_i64).collect()
}

fn view(hint: &Attachment, shows_content: bool) -> HintView {
    let cost = cost(hint);
    HintView {
        id: hint.id,
        r#type: "standard",
        challenge_id: hint.challenge_id,
        challenge: hint.challenge_id,
        title: hint.text("title").to_owned(),
        cost,
        content: (shows_content || is_free(hint)).then(|| hint.text("content").to_owned()),
        requirements: hint.content.get("requirements").filter(|it| !it.is_null()).cloned(),
    }
}
