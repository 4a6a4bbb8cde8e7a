//! Tags, which players see, and topics, which organisers see.

use super::fields::Fields;
use super::principal::Organiser;
use super::wire::{Data, Done, OfChallenge, TagForm, TagView, TopicQuery, TopicView};
use super::{number, renamed};
use crate::http::Problem;
use crate::http::extract::body::With;
use crate::http::extract::query::Query;
use crate::http::openapi::answers::Missing;
use crate::http::state::Shared;
use actix_web::web::{self, Json};
use challengectl_coordinator::catalog::{Attachment, AttachmentKind};
use challengectl_coordinator::{Coordinator, Person};
use serde_json::{Map, json};

/// Characters of a tag or a topic.
const MAX_VALUE: usize = 256;

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
    With(Organiser(person), fields): With<Organiser, Fields>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<Data<TagView>>, Problem> {
    Ok(Json(Data::new(attach(AttachmentKind::Tag, &fields, &person, &coordinator).await?.into())))
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

/// List the topics of all challenges.
#[utoipa::path(get, path = "/api/v1/topics", responses((status = OK, body = Data<Vec<TopicView>>)))]
pub async fn topics(_: Organiser, coordinator: Shared<Coordinator>) -> Result<Json<Data<Vec<TopicView>>>, Problem> {
    let all = coordinator.catalog.attachments(AttachmentKind::Topic, None).await?;
    Ok(Json(Data::new(all.into_iter().map(TopicView::from).collect())))
}

/// List the topics of a challenge.
#[utoipa::path(
    get, path = "/api/v1/challenges/{challenge_id}/topics", responses((status = OK, body = Data<Vec<TopicView>>))
)]
pub async fn topics_of_challenge(
    _: Organiser,
    id: web::Path<String>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<Data<Vec<TopicView>>>, Problem> {
    let all = attached(AttachmentKind::Topic, &id, &coordinator).await?;
    Ok(Json(Data::new(all.into_iter().map(TopicView::from).collect())))
}

/// Add a topic to a challenge.
#[utoipa::path(
    post, path = "/api/v1/topics", request_body = TagForm, responses((status = OK, body = Data<TopicView>), Missing)
)]
pub async fn create_topic(
    With(Organiser(person), fields): With<Organiser, Fields>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<Data<TopicView>>, Problem> {
    Ok(Json(Data::new(attach(AttachmentKind::Topic, &fields, &person, &coordinator).await?.into())))
}

/// Delete a topic of a challenge.
#[utoipa::path(delete, path = "/api/v1/topics", responses((status = OK, body = Done), Missing))]
pub async fn delete_topic(
    With(Organiser(person), Query(query)): With<Organiser, Query<TopicQuery>>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<Done>, Problem> {
    if query.r#type.as_deref() != Some("challenge") {
        return Err(Problem::invalid("type: must be challenge"));
    }
    let id = query.target_id.ok_or_else(|| Problem::invalid("target_id: is missing"))?;
    let id = number("Topic", &id)?;
    coordinator.catalog.detach(AttachmentKind::Topic, id, person.actor()).await.map_err(renamed("Topic"))?;
    Ok(Json(Done::DONE))
}

/// Returns what is attached to the challenge of a path.
pub async fn attached(
    kind: AttachmentKind,
    challenge: &str,
    coordinator: &Coordinator,
) -> Result<Vec<Attachment>, Problem> {
    let id = number("Challenge", challenge)?;
    coordinator.catalog.entry(id).await.map_err(renamed("Challenge"))?;
    Ok(coordinator.catalog.attachments(kind, Some(id)).await?)
}

async fn attach(
    kind: AttachmentKind,
    fields: &Fields,
    person: &Person,
    coordinator: &Coordinator,
) -> Result<Attachment, Problem> {
    let challenge = fields.challenge(["challenge_id", "challenge"])?;
    let value = fields.needed("value")?.trim();
    if value.chars().count() > MAX_VALUE {
        return Err(Problem::invalid(format!("value: at most {MAX_VALUE} characters")));
    }
    let content = Map::from_iter([("value".to_owned(), json!(value))]);
    let attached = coordinator.catalog.attach(challenge, kind, content, person.actor()).await;
    attached.map_err(renamed("Challenge"))
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

impl From<Attachment> for TopicView {
    fn from(it: Attachment) -> Self {
        let (id, challenge) = (it.id, it.challenge_id);
        Self { id, challenge_id: challenge, challenge, topic_id: id, value: it.text("value").to_owned() }
    }
}
