use crate::http::extract::body::{Json, With};
use crate::http::fronts::challenge_id;
use crate::http::fronts::control::done;
use crate::http::openapi::answers::{Done, Missing};
use crate::http::problem::Code;
use crate::http::state::Shared;
use crate::http::{Admin, Problem};
use actix_web::{HttpResponse, web};
use challengectl_coordinator::Coordinator;
use challengectl_coordinator::flags::{Flag, FlagMode, Part, Worth};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How a submission is compared.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = FlagMode)]
enum Mode {
    /// With a text that each instance has of its own; the content has `{}` in its place.
    Session,
    /// With a text.
    Text,
    /// With a text, whatever the case of ASCII letters.
    TextAnyCase,
    /// With a regular expression, which has to match all of it.
    Pattern,
}

impl From<Mode> for FlagMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Session => Self::Session,
            Mode::Text => Self::Text,
            Mode::TextAnyCase => Self::TextAnyCase,
            Mode::Pattern => Self::Pattern,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FlagForm)]
struct OneFlag {
    mode: Mode,
    #[schema(min_length = 1, max_length = 1024)]
    content: String,
}

/// A part, which any of its flags solves.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FlagPart)]
struct PartForm {
    /// The share of the points that it has, relative to the shares of the other parts.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 1_000_000, default = 1)]
    share: u32,
    #[schema(min_items = 1, max_items = 50)]
    flags: Vec<OneFlag>,
}

fn one() -> u32 {
    1
}

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
    parts: Vec<PartForm>,
}

impl From<Form> for Worth {
    fn from(form: Form) -> Self {
        let flag = |it: OneFlag| Flag { mode: it.mode.into(), content: it.content };
        let part = |it: PartForm| Part { share: it.share, flags: it.flags.into_iter().map(flag).collect() };
        let parts = form.parts.into_iter().map(part).collect();
        Self { points: form.points, max_attempts: form.max_attempts, parts }
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
