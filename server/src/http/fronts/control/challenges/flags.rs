use crate::http::extract::body::{Json, With};
use crate::http::fronts::challenge_id;
use crate::http::fronts::control::done;
use crate::http::openapi::answers::{Done, Missing};
use crate::http::problem::Code;
use crate::http::state::Shared;
use crate::http::{Admin, Problem};
use actix_web::{HttpResponse, web};
use challengectl_coordinator::Coordinator;
use challengectl_coordinator::flags::{Part, Worth};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a challenge is worth, and by which flags it is solved.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FlagsForm, examples(json!({"points": 100, "parts": [{"flags": [{"mode": "text", "content": "flag{example}"}]}]})))]
pub struct Form {
    /// For all parts together.
    #[schema(maximum = 1_000_000)]
    points: u32,
    /// Wrong flags of one team, or player; without it as many as the rate allows.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1_000_000)]
    max_attempts: Option<u32>,
    #[schema(min_items = 1, max_items = 50)]
    parts: Vec<Part>,
}

impl From<Form> for Worth {
    fn from(form: Form) -> Self {
        Self { points: form.points, max_attempts: form.max_attempts, parts: form.parts }
    }
}

/// What a challenge is worth, without its flags.
#[derive(Serialize, ToSchema)]
#[schema(as = FlagsShown)]
struct Shown {
    points: u32,
    max_attempts: Option<u32>,
    parts: u16,
}

/// Show what a challenge is worth. Its flags are not shown.
#[utoipa::path(get, path = "/api/challenges/{challenge_id}/flags", responses((status = OK, body = Shown), Missing))]
pub async fn show(
    Admin(_): Admin,
    challenge: web::Path<String>,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    let score = coordinator.flags.score(challenge_id(&challenge)?).await?;
    let missing = || Problem::new(Code::NotFound).because("the challenge has no flags; set them with PUT");
    let (score, parts) = score.ok_or_else(missing)?;
    Ok(HttpResponse::Ok().json(Shown { points: score.points, max_attempts: score.max_attempts, parts }))
}

/// Set the flags of a challenge, and what it is worth.
///
/// Solves stay as they are.
#[utoipa::path(put, path = "/api/challenges/{challenge_id}/flags", responses(Done))]
pub async fn set(
    With(Admin(person), Json(form)): With<Admin, Json<Form>>,
    challenge: web::Path<String>,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    coordinator.flags.put(challenge_id(&challenge)?, form.into(), person.actor()).await?;
    Ok(done("Flags set successfully"))
}
