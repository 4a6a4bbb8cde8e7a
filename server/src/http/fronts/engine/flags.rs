//! Submitting flags.

use super::body::Body;
use super::challenges::checked;
use super::player::Player;
use super::wire::{Attempts, Effect, Judged, JudgedBatch, Submission, Submissions};
use super::{FRONT, envelope, epoch};
use crate::http::Problem;
use crate::http::extract::body::With;
use crate::http::extract::fields::Fields;
use crate::http::extract::origin;
use crate::http::openapi::answers::{Failed, Missing, TooMany, Unavailable};
use crate::http::state::Shared;
use actix_web::HttpRequest;
use actix_web::web::Json;
use challengectl_coordinator::flags::{Sender, Verdict};
use challengectl_coordinator::{Coordinator, CoreError};
use serde_json::{Value, json};

/// Submissions of one batch.
const MAX_BATCH: usize = 50;

/// Submit a flag.
#[utoipa::path(
    post, path = "/api/flags", request_body = Submission,
    responses((status = OK, body = Judged), Missing, TooMany, Failed, Unavailable)
)]
pub async fn submit(
    With(player, Body(fields)): With<Player, Body>,
    coordinator: Shared<Coordinator>,
    request: HttpRequest,
) -> Result<Json<Judged>, Problem> {
    Ok(Json(judge(&player, &request, &fields, &coordinator).await?))
}

/// Submit several flags.
///
/// Each is judged as if it came alone.
#[utoipa::path(
    post, path = "/api/flags/batch", request_body = Submissions,
    responses((status = OK, body = JudgedBatch), Failed, Unavailable)
)]
pub async fn submit_batch(
    With(player, Body(mut fields)): With<Player, Body>,
    coordinator: Shared<Coordinator>,
    request: HttpRequest,
) -> Result<Json<JudgedBatch>, Problem> {
    let submissions = fields.take_list("submissions")?;
    if submissions.len() > MAX_BATCH {
        return Err(Problem::invalid(format!("submissions: more than {MAX_BATCH}")));
    }
    let mut results = Vec::new();
    for submission in submissions {
        let judged = match Fields::of(submission) {
            Ok(fields) => judge(&player, &request, &fields, &coordinator).await,
            Err(problem) => Err(problem),
        };
        results.push(judged.map_or_else(|problem| json!(envelope::of_flag(&problem)), |judged| json!(judged)));
    }
    let valid_count = results.iter().filter(|result| result.get("valid") == Some(&Value::Bool(true))).count();
    Ok(Json(JudgedBatch { total_submitted: results.len(), valid_count, results }))
}

async fn judge(
    player: &Player,
    request: &HttpRequest,
    fields: &Fields,
    coordinator: &Coordinator,
) -> Result<Judged, Problem> {
    let flag = fields.needed("flag")?.trim().to_owned();
    let key = checked(fields.needed("session_id")?.trim())?;
    let owner = coordinator.instances.owner(FRONT, key).await?;
    // The same answer as for a session that does not exist: its id is nobody else's to know.
    if !owner.is_some_and(|owner| player.may(&owner)) {
        return Err(CoreError::NotFound("such session; it has ended, or its id is wrong".to_owned()).into());
    }
    let sender = Sender { name: player.account().map(str::to_owned), address: origin::address(request) };
    let (session, verdict) = coordinator.instances.clone().submit(FRONT, key, sender, flag).await?;
    let challenge = coordinator.instances.challenge(session.challenge_id).await?;
    let (message, effect) = match verdict {
        Verdict::Right { points, solved_at, is_whole, .. } => {
            let message = if is_whole { "The flag is right" } else { "The flag is right; there are more" };
            let shutdown_delay = challenge.policy.after_solve_seconds.filter(|_| is_whole);
            let (solved_at, container_shutdown) = (epoch(solved_at), shutdown_delay.is_some());
            (message, Effect::Solved { points, solved_at, container_shutdown, shutdown_delay })
        }
        Verdict::Awaits { .. } => {
            let solved_at = epoch(coordinator.context.now());
            let effect = Effect::Solved { points: 0, solved_at, container_shutdown: false, shutdown_delay: None };
            ("The flag is right; the other members of the team have to submit it too", effect)
        }
        Verdict::Wrong { attempts_left } => {
            ("The flag is wrong", Effect::Missed { attempts_remaining: Attempts::new(attempts_left) })
        }
    };
    Ok(Judged {
        valid: matches!(effect, Effect::Solved { .. }),
        challenge_id: challenge.slug,
        session_id: key.to_owned(),
        timestamp: epoch(coordinator.context.now()),
        message,
        effect,
    })
}
