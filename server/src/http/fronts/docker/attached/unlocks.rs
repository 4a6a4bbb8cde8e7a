//! Unlocking hints.

use super::hints::{cost, prerequisites};
use crate::http::Problem;
use crate::http::extract::body::With;
use crate::http::fronts::docker::body::Body;
use crate::http::fronts::docker::envelope::Data;
use crate::http::fronts::docker::principal::User;
use crate::http::fronts::docker::renamed;
use crate::http::openapi::answers::Missing;
use crate::http::problem::Code;
use crate::http::state::Shared;
use actix_web::web::Json;
use challengectl_common::Timestamp;
use challengectl_coordinator::catalog::{Access, AttachmentKind};
use challengectl_coordinator::flags::{Hint, Unlock};
use challengectl_coordinator::{Coordinator, CoreError, Players};
use serde::Serialize;
use utoipa::ToSchema;

/// What to unlock.
#[derive(ToSchema)]
#[schema(as = DockerUnlockForm, examples(json!({"target": 1, "type": "hints"})))]
#[expect(dead_code, reason = "described here, read by `Fields`")]
pub struct UnlockForm {
    /// The number of a hint.
    target: i64,
    /// `hints`.
    r#type: String,
}

/// What was unlocked.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerUnlock)]
pub struct UnlockView {
    pub id: i64,
    /// The number of the hint.
    pub target: i64,
    pub r#type: &'static str,
    /// Whose it is: a team, or a player.
    pub team_id: Option<String>,
    pub user_id: Option<String>,
    pub date: Timestamp,
}

/// The only kind of things that are unlocked.
const HINTS: &str = "hints";

/// Unlock a hint for one's team, or for oneself.
///
/// What it costs is taken off the points.
#[utoipa::path(
    post, path = "/api/v1/unlocks", request_body = UnlockForm,
    responses((status = OK, body = Data<UnlockView>), Missing)
)]
pub async fn create(
    With(User(caller), Body(fields)): With<User, Body>,
    coordinator: Shared<Coordinator>,
    players: Shared<Players>,
) -> Result<Json<Data<UnlockView>>, Problem> {
    if fields.text("type")? != Some(HINTS) {
        return Err(Problem::invalid("type: must be hints"));
    }
    let id = fields.number("target")?.ok_or_else(|| Problem::invalid("target: must be the number of a hint"))?;
    let owner = caller.owner(&players)?;
    let hint = coordinator.catalog.attachment(AttachmentKind::Hint, id).await.map_err(renamed("Hint"))?;
    let (_, access) = coordinator.catalog.entry_for(&owner, hint.challenge_id).await.map_err(renamed("Hint"))?;
    if access != Access::Open && !caller.is_admin() {
        return Err(Problem::new(Code::NotFound).because("Hint not found"));
    }
    // It is stored within this range.
    let cost = u32::try_from(cost(&hint)).unwrap_or(u32::MAX);
    let hint = Hint { id, cost, after: prerequisites(&hint) };
    let unlocked = coordinator.flags.unlock(owner, caller.player.name.to_string(), hint).await.map_err(refusal)?;
    Ok(Json(Data::new(view(&unlocked))))
}

/// Returns a refusal as CTFd gives it: by the field that it is about, with 400.
fn refusal(error: CoreError) -> Problem {
    match error {
        CoreError::Invalid(why) => Problem::invalid(format!("score: {why}")),
        CoreError::Conflict(why) => Problem::invalid(format!("target: {why}")),
        CoreError::Forbidden(why) => Problem::invalid(format!("requirements: {why}")),
        error => error.into(),
    }
}

fn view(unlocked: &Unlock) -> UnlockView {
    let number = unlocked.owner.name().to_owned();
    let (team_id, user_id) = if unlocked.owner.is_team() { (Some(number), None) } else { (None, Some(number)) };
    UnlockView { id: unlocked.id, target: unlocked.hint_id, r#type: HINTS, team_id, user_id, date: unlocked.at }
}
