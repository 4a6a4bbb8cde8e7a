//! Tags, which players see, and topics, which organisers see.

use super::{OfChallenge, attach, attached, value};
use crate::http::Problem;
use crate::http::extract::body::With;
use crate::http::extract::query::Query;
use crate::http::fronts::docker::body::Body;
use crate::http::fronts::docker::envelope::{Data, Done};
use crate::http::fronts::docker::principal::Organiser;
use crate::http::fronts::docker::{number, renamed};
use crate::http::openapi::answers::Missing;
use crate::http::state::Shared;
use actix_web::web::{self, Json};
use challengectl_coordinator::Coordinator;
use challengectl_coordinator::catalog::{Attachment, AttachmentKind};
use serde::Serialize;
use utoipa::ToSchema;

/// A tag, or a topic.
#[derive(ToSchema)]
#[schema(as = DockerTagForm, examples(json!({"challenge_id": 1, "value": "web"})))]
#[expect(dead_code, reason = "described here, read by `Fields`")]
pub struct TagForm {
    challenge_id: i64,
    #[schema(pattern = "\\S")]
    value: String,
}

/// Another value of a tag.
#[derive(ToSchema)]
#[schema(as = DockerTagChange, examples(json!({"value": "web"})))]
#[expect(dead_code, reason = "described here, read by `Fields`")]
pub struct TagChange {
    #[schema(pattern = "\\S")]
    value: String,
}

/// A tag.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerTag)]
pub struct TagView {
    pub id: i64,
    pub challenge_id: i64,
    pub challenge: i64,
    pub value: String,
}

/// List the tags of all challenges, or of one.
#[utoipa::path(get, path = "/api/v1/tags", responses((status = OK, body = Data<Vec<TagView>>), Missing))]
pub async fn list(
    With(_, Query(query)): With<Organiser, Query<OfChallenge>>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<Data<Vec<TagView>>>, Problem> {
    let challenge = query.challenge_id.map(|id| number("Challenge", &id)).transpose()?;
    let all = coordinator.catalog.attachments(AttachmentKind::Tag, challenge).await?;
    Ok(Json(Data::new(all.into_iter().map(TagView::from).collect())))
}

/// List the tags of a challenge.
#[utoipa::path(
    get, path = "/api/v1/challenges/{challenge_id}/tags", responses((status = OK, body = Data<Vec<TagView>>))
)]
pub async fn of_challenge(
    _: Organiser,
    id: web::Path<String>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<Data<Vec<TagView>>>, Problem> {
    let all = attached(AttachmentKind::Tag, &id, &coordinator).await?;
    Ok(Json(Data::new(all.into_iter().map(TagView::from).collect())))
}

/// Add a tag to a challenge.
#[utoipa::path(
    post, path = "/api/v1/tags", request_body = TagForm, responses((status = OK, body = Data<TagView>), Missing)
)]
pub async fn create(
    With(Organiser(person), Body(fields)): With<Organiser, Body>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<Data<TagView>>, Problem> {
    Ok(Json(Data::new(attach(AttachmentKind::Tag, &fields, &person, &coordinator).await?.into())))
}

/// Get a tag.
#[utoipa::path(get, path = "/api/v1/tags/{tag_id}", responses((status = OK, body = Data<TagView>)))]
pub async fn read(
    _: Organiser,
    id: web::Path<String>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<Data<TagView>>, Problem> {
    let id = number("Tag", &id)?;
    Ok(Json(Data::new(coordinator.catalog.attachment(AttachmentKind::Tag, id).await.map_err(renamed("Tag"))?.into())))
}

/// Change a tag.
#[utoipa::path(
    patch, path = "/api/v1/tags/{tag_id}", request_body = TagChange, responses((status = OK, body = Data<TagView>))
)]
pub async fn update(
    With(Organiser(person), Body(fields)): With<Organiser, Body>,
    id: web::Path<String>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<Data<TagView>>, Problem> {
    let (id, given) = (number("Tag", &id)?, value(&fields)?);
    let tag = coordinator.catalog.change_attachment(AttachmentKind::Tag, id, given, person.actor()).await;
    Ok(Json(Data::new(tag.map_err(renamed("Tag"))?.into())))
}

/// Delete a tag.
#[utoipa::path(delete, path = "/api/v1/tags/{tag_id}", responses((status = OK, body = Done)))]
pub async fn delete(
    Organiser(person): Organiser,
    id: web::Path<String>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<Done>, Problem> {
    let id = number("Tag", &id)?;
    coordinator.catalog.detach(AttachmentKind::Tag, id, person.actor()).await.map_err(renamed("Tag"))?;
    Ok(Json(Done::DONE))
}

impl From<Attachment> for TagView {
    fn from(it: Attachment) -> Self {
        Self {
            id: it.id,
            challenge_id: it.challenge_id,
            challenge: it.challenge_id,
            value: it.text("value").to_owned(),
        }
    }
}
