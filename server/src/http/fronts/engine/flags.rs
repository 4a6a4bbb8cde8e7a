//! Submitting flags.

use super::FRONT;
use super::body::Fields;
use super::challenges::{checked, epoch};
use super::envelope;
use super::player::Player;
use crate::http::Problem;
use crate::http::extract::body::With;
use crate::http::state::Shared;
use actix_web::HttpResponse;
use challengectl_coordinator::instances::{AFTER_SOLVE, Verdict};
use challengectl_coordinator::{Coordinator, CoreError};
use serde_json::{Value, json};

/// Submissions of one batch.
const MAX_BATCH: usize = 50;

/// Compares a flag with that of a session.
pub async fn submit(
    With(player, fields): With<Player, Fields>,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(judge(&player, &fields, &coordinator).await?))
}

/// Compares several, each as if it came alone.
pub async fn submit_batch(
    With(player, mut fields): With<Player, Fields>,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    let submissions = fields.take_list("submissions")?;
    if submissions.len() > MAX_BATCH {
        return Err(Problem::invalid(format!("submissions: more than {MAX_BATCH}")));
    }
    let mut results = Vec::new();
    for submission in submissions {
        let judged = match Fields::of(submission) {
            Ok(fields) => judge(&player, &fields, &coordinator).await,
            Err(problem) => Err(problem),
        };
        results.push(judged.unwrap_or_else(|problem| envelope::flags_body(&problem)));
    }
    let valid = results.iter().filter(|result| result.get("valid") == Some(&Value::Bool(true))).count();
    Ok(HttpResponse::Ok().json(json!({
        "total_submitted": results.len(),
        "valid_count": valid,
        "results": results,
    })))
}

async fn judge(player: &Player, fields: &Fields, coordinator: &Coordinator) -> Result<Value, Problem> {
    let flag = fields.needed("flag")?.trim().to_owned();
    let key = checked(fields.needed("session_id")?.trim())?;
    let owner = coordinator.instances.owner(FRONT, key).await?;
    // The same answer as for a session that does not exist: its id is nobody else's to know.
    if !owner.is_some_and(|owner| player.may(&owner)) {
        return Err(CoreError::NotFound("such session; it has ended, or its id is wrong".to_owned()).into());
    }
    let (session, verdict) = coordinator.instances.clone().submit(FRONT, key, flag).await?;
    let challenge = coordinator.instances.challenge(session.challenge_id).await?;
    let now = epoch(coordinator.context.now());
    Ok(match verdict {
        Verdict::Right { points, solved_at } => json!({
            "valid": true,
            "challenge_id": challenge.slug,
            "session_id": key,
            "timestamp": now,
            "message": "The flag is right",
            "points": points,
            "solved_at": epoch(solved_at),
            "container_shutdown": true,
            "shutdown_delay": AFTER_SOLVE.as_secs(),
        }),
        Verdict::Wrong => json!({
            "valid": false,
            "challenge_id": challenge.slug,
            "session_id": key,
            "timestamp": now,
            "message": "The flag is wrong",
            "attempts_remaining": "unlimited",
        }),
    })
}
