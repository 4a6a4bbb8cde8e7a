//! Topics, which organisers see.

use super::tags::TagForm;
use super::{attach, attached};
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
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A topic.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerTopic)]
pub struct TopicView {
    pub id: i64,
    pub challenge_id: i64,
    pub challenge: i64,
    pub topic_id: i64,
    pub value: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TopicQuery {
    /// `challenge`.
    pub r#type: Option<String>,
    /// The topic of a challenge, by its `id`.
    #[param(value_type = Option<i64>, minimum = 1)]
    pub target_id: Option<String>,
}

/// List the topics of all challenges.
#[utoipa::path(get, path = "/api/v1/topics", responses((status = OK, body = Data<Vec<TopicView>>)))]
pub async fn list(_: Organiser, coordinator: Shared<Coordinator>) -> Result<Json<Data<Vec<TopicView>>>, Problem> {
    let all = coordinator.catalog.attachments(AttachmentKind::Topic, None).await?;
    Ok(Json(Data::new(all.into_iter().map(TopicView::from).collect())))
}

/// List the topics of a challenge.
#[utoipa::path(
    get, path = "/api/v1/challenges/{challenge_id}/topics", responses((status = OK, body = Data<Vec<TopicView>>))
)]
pub async fn of_challenge(
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
pub async fn create(
    With(Organiser(person), Body(fields)): With<Organiser, Body>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<Data<TopicView>>, Problem> {
    Ok(Json(Data::new(attach(AttachmentKind::Topic, &fields, &person, &coordinator).await?.into())))
}

/// Delete a topic of a challenge.
#[utoipa::path(delete, path = "/api/v1/topics", responses((status = OK, body = Done), Missing))]
pub async fn delete(
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

impl From<Attachment> for TopicView {
    fn from(it: Attachment) -> Self {
        let (id, challenge) = (it.id, it.challenge_id);
        Self { id, challenge_id: challenge, challenge, topic_id: id, value: it.text("value").to_owned() }
    }
}
