//! Submitting flags.

use crate::http::Problem;
use crate::http::extract::body::With;
use crate::http::extract::fields::Fields;
use crate::http::extract::query::Query;
use crate::http::fronts::docker::body::Body;
use crate::http::fronts::docker::envelope::{Data, DockerError};
use crate::http::fronts::docker::principal::Visitor;
use crate::http::fronts::docker::{number, renamed};
use crate::http::openapi::answers::Missing;
use crate::http::problem::Code;
use crate::http::state::Shared;
use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpResponse, Result};
use challengectl_coordinator::catalog::Access;
use challengectl_coordinator::flags::{MAX_SUBMISSION, Sender, Verdict};
use challengectl_coordinator::{Coordinator, CoreError, Players};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AttemptQuery {
    /// `true`: try a flag without a record, for admins.
    pub preview: Option<String>,
}

/// A submission.
#[derive(ToSchema)]
#[schema(as = DockerAttempt, examples(json!({"challenge_id": 1, "submission": "flag{…}"})))]
#[expect(dead_code, reason = "described here, read by `Fields`")]
pub struct AttemptForm {
    challenge_id: i64,
    submission: String,
}

/// What a submission is.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerVerdict)]
pub struct VerdictView {
    /// `correct`, `incorrect`, `already_solved`, `partial`, `paused`, `ratelimited`, or `authentication_required`.
    pub status: &'static str,
    pub message: String,
}

/// Why a submission is not judged.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = DockerAttemptRefusal)]
#[expect(dead_code, reason = "describes answers of two forms")]
pub enum Refusal {
    Said(Data<VerdictView>),
    Error(DockerError),
}

/// Submit a flag.
///
/// Ten wrong ones a minute; then right ones are refused as well.
#[utoipa::path(
    post, path = "/api/v1/challenges/attempt", request_body = AttemptForm,
    responses(
        (status = OK, body = Data<VerdictView>),
        (status = FORBIDDEN, description = "Nobody is logged in, the event is paused, or no attempt is left.", body = Refusal),
        (status = TOO_MANY_REQUESTS, body = Refusal, headers(("Retry-After" = u64, description = "Seconds after which to try again."))),
        Missing
    )
)]
pub async fn submit(
    With(Visitor(caller), Body(fields)): With<Visitor, Body>,
    Query(query): Query<AttemptQuery>,
    coordinator: Shared<Coordinator>,
    players: Shared<Players>,
) -> Result<HttpResponse, Problem> {
    let Some(caller) = caller else {
        return Ok(said(StatusCode::FORBIDDEN, "authentication_required", "Log in first".to_owned()));
    };
    let id = challenge(&fields)?;
    let submission = fields.text("submission")?.unwrap_or_default().to_owned();
    if submission.len() > MAX_SUBMISSION {
        return Err(Problem::invalid(format!("submission: at most {MAX_SUBMISSION} bytes")));
    }
    let owner = caller.owner(&players)?;
    let (_, access) = coordinator.catalog.entry_for(&owner, id).await.map_err(renamed("Challenge"))?;
    if access != Access::Open && !caller.is_admin() {
        return Err(Problem::new(Code::NotFound).because("Challenge not found"));
    }
    if query.preview.as_deref() == Some("true") && caller.is_admin() {
        let is_right = coordinator.catalog.preview(id, &submission).await?;
        let (status, text) = if is_right { ("correct", "Correct") } else { ("incorrect", "Incorrect") };
        return Ok(said(StatusCode::OK, status, text.to_owned()));
    }
    if let Some(message) = paused(&coordinator).await? {
        return Ok(said(StatusCode::FORBIDDEN, "paused", message));
    }
    let sender = Sender { name: Some(caller.player.name.to_string()), address: caller.player.address };
    Ok(match coordinator.instances.submit_for(id, owner, sender, submission).await {
        Ok(verdict) => judged(verdict),
        Err(CoreError::TooMany(wait)) => too_many(wait.as_millis().div_ceil(1000).max(1)),
        Err(CoreError::Forbidden(_)) => {
            said(StatusCode::FORBIDDEN, "incorrect", "Not accepted. You have 0 tries remaining".to_owned())
        }
        Err(error) => return Err(renamed("Flag of this challenge")(error)),
    })
}

/// Returns what players are told while operators have paused the event; `None` otherwise. Hours and emergency stops concern
/// the air alone.
async fn paused(coordinator: &Coordinator) -> Result<Option<String>, Problem> {
    let (state, _) = coordinator.air.operating_state().await?;
    let name = state.conference.name().map_or_else(|| "The event".to_owned(), ToString::to_string);
    Ok(state.control.paused.map(|_| format!("{name} is paused")))
}

/// Reads the challenge, whose number forms send as a text.
fn challenge(fields: &Fields) -> Result<i64, Problem> {
    match fields.get("challenge_id") {
        Some(Value::String(text)) => number("Challenge", text),
        Some(Value::Number(id)) => number("Challenge", &id.to_string()),
        _ => Err(Problem::invalid("challenge_id: must be the number of a challenge")),
    }
}

fn judged(verdict: Verdict) -> HttpResponse {
    let (status, message) = match verdict {
        Verdict::Right { is_new: false, .. } => ("already_solved", "You already solved this".to_owned()),
        Verdict::Right { is_whole: true, .. } => ("correct", "Correct".to_owned()),
        Verdict::Right { .. } => ("partial", "Correct; more flags are needed".to_owned()),
        Verdict::Awaits { members: 1 } => {
            ("partial", "Correct; one more member of your team has to submit a flag".to_owned())
        }
        Verdict::Awaits { members } => {
            ("partial", format!("Correct; {members} more members of your team have to submit a flag"))
        }
        Verdict::Wrong { attempts_left: None } => ("incorrect", "Incorrect".to_owned()),
        Verdict::Wrong { attempts_left: Some(1) } => ("incorrect", "Incorrect. You have 1 try remaining.".to_owned()),
        Verdict::Wrong { attempts_left: Some(left) } => {
            ("incorrect", format!("Incorrect. You have {left} tries remaining."))
        }
    };
    said(StatusCode::OK, status, message)
}

fn too_many(seconds: u128) -> HttpResponse {
    let mut response = HttpResponse::TooManyRequests();
    response.insert_header((RETRY_AFTER, seconds.to_string()));
    let message = format!("You're submitting flags too fast. Try again in {seconds} seconds.");
    response.json(Data::new(VerdictView { status: "ratelimited", message }))
}

fn said(code: StatusCode, status: &'static str, message: String) -> HttpResponse {
    HttpResponse::build(code).json(Data::new(VerdictView { status, message }))
}
