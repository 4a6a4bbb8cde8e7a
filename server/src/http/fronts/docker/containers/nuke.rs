//! Stopping containers, for organisers.

use super::start::is_empty;
use crate::http::Problem;
use crate::http::extract::body::With;
use crate::http::fronts::docker::body::Body;
use crate::http::fronts::docker::envelope::Done;
use crate::http::fronts::docker::principal::Organiser;
use crate::http::fronts::docker::{FRONT, renamed};
use crate::http::openapi::answers::Missing;
use crate::http::problem::Code;
use crate::http::state::Shared;
use actix_web::web::Json;
use challengectl_coordinator::Coordinator;
use serde_json::Value;
use utoipa::ToSchema;

/// What to stop.
#[derive(ToSchema)]
#[schema(as = DockerNuke, examples(json!({"all": true})))]
#[expect(dead_code, reason = "described here, read by `Fields`")]
pub struct NukeForm {
    /// One container, by its `instance_id`.
    container: Option<String>,
    /// All containers, which wins over `container`.
    all: Option<bool>,
}

/// Stop one container, or all of them.
#[utoipa::path(
    post, path = "/api/v1/nuke", request_body = NukeForm, responses((status = OK, body = Done), Missing)
)]
pub async fn nuke(
    With(Organiser(person), Body(fields)): With<Organiser, Body>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<Done>, Problem> {
    let is_all = match fields.get("all") {
        Some(Value::Bool(all)) => *all,
        Some(Value::String(text)) => text.eq_ignore_ascii_case("true"),
        _ => false,
    };
    if is_all {
        coordinator.instances.kill_all_of_front(FRONT, person.actor()).await?;
        return Ok(Json(Done::DONE));
    }
    let key = match fields.get("container").filter(|value| !is_empty(value)) {
        Some(Value::String(key)) => key,
        Some(_) => return Err(Problem::new(Code::NotFound).because("Container not found")),
        None => return Err(Problem::invalid("No container specified")),
    };
    coordinator.instances.kill_of_front(FRONT, key, person.actor()).await.map_err(renamed("Container"))?;
    Ok(Json(Done::DONE))
}
