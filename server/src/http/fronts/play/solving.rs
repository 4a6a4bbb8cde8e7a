use super::mine::Mine;
use crate::http::Problem;
use crate::http::extract::body::{Json, With};
use crate::http::extract::player::Player;
use crate::http::state::Shared;
use actix_web::HttpResponse;
use challengectl_common::Timestamp;
use challengectl_coordinator::flags::{MAX_SUBMISSION, Progress, Sender, SolvableKind, Verdict};
use challengectl_coordinator::{Coordinator, Players};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Bytes of a submission: JSON may write a character as twelve.
const MAX_BODY: usize = 16 * 1024;

#[derive(Serialize, ToSchema)]
#[schema(as = PlayChallenges)]
struct List {
    challenges: Vec<ChallengeView>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PlayKind)]
enum Kind {
    /// It is on air.
    Transmission,
    /// Each team, or player, starts its own.
    Instance,
    /// It is read.
    Text,
}

/// A challenge with one's own progress.
#[derive(Serialize, ToSchema)]
#[schema(as = PlayChallenge)]
struct ChallengeView {
    challenge_id: i64,
    name: String,
    kind: Kind,
    /// Whether an instance of it may be given its whole life again.
    extendable: bool,
    category: String,
    difficulty: String,
    description: String,
    tags: Vec<String>,
    author: String,
    /// For all parts together.
    points: u32,
    parts: u32,
    solved_parts: u32,
    /// Whether all parts are solved.
    solved: bool,
    /// How many teams, or players, have solved it.
    solves: u32,
    /// Wrong flags that are left; null: any number.
    attempts_left: Option<u32>,
}

impl From<Progress> for ChallengeView {
    fn from(progress: Progress) -> Self {
        let Progress { challenge, solved_parts, solves, attempts_left } = progress;
        let (kind, category) = match challenge.kind {
            SolvableKind::Transmission => (Kind::Transmission, "radio".to_owned()),
            SolvableKind::Instance => (Kind::Instance, challenge.about.category),
            SolvableKind::Text => (Kind::Text, challenge.about.category),
        };
        Self {
            challenge_id: challenge.id,
            name: challenge.name,
            kind,
            extendable: challenge.is_extendable,
            category,
            difficulty: challenge.about.difficulty,
            description: challenge.about.description,
            tags: challenge.about.tags,
            author: challenge.about.author,
            points: challenge.points,
            parts: challenge.parts,
            solved_parts,
            solved: challenge.parts > 0 && solved_parts >= challenge.parts,
            solves,
            attempts_left,
        }
    }
}

/// List the challenges that can be solved, with one's own progress.
#[utoipa::path(get, path = "/api/play/challenges", responses((status = OK, body = List)))]
pub async fn list(
    Player(player): Player,
    players: Shared<Players>,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    let progress = coordinator.flags.progress(&players.owner(&player)?).await?;
    Ok(HttpResponse::Ok().json(List { challenges: progress.into_iter().map(ChallengeView::from).collect() }))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = FlagSubmission)]
#[serde(deny_unknown_fields)]
pub struct Submission {
    /// Blanks around it do not count.
    #[schema(min_length = 1, max_length = 1024)]
    flag: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = FlagResult)]
enum Outcome {
    /// It solves the challenge.
    Correct,
    /// It solves a part of it, or is right and other members of the team have to submit it as well.
    Partial,
    /// It is right, and was before.
    AlreadySolved,
    Incorrect,
}

#[derive(Serialize, ToSchema)]
#[schema(as = FlagVerdict)]
struct VerdictView {
    result: Outcome,
    /// What the solved part is worth.
    points: Option<u32>,
    /// When it was solved first.
    solved_at: Option<Timestamp>,
    /// Wrong flags that are left; null: any number.
    attempts_left: Option<u32>,
}

impl From<Verdict> for VerdictView {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Right { points, solved_at, is_new, is_whole } => {
                let result = match (is_new, is_whole) {
                    (false, _) => Outcome::AlreadySolved,
                    (true, true) => Outcome::Correct,
                    (true, false) => Outcome::Partial,
                };
                Self { result, points: Some(points), solved_at: Some(solved_at), attempts_left: None }
            }
            Verdict::Awaits { .. } => {
                Self { result: Outcome::Partial, points: None, solved_at: None, attempts_left: None }
            }
            Verdict::Wrong { attempts_left } => {
                Self { result: Outcome::Incorrect, points: None, solved_at: None, attempts_left }
            }
        }
    }
}

/// Submit a flag.
///
/// Ten wrong ones a minute; then right ones are refused as well.
#[utoipa::path(
    post, path = "/api/play/challenges/{challenge_id}/flag",
    responses((status = OK, body = VerdictView))
)]
pub async fn submit(
    With(Mine { player, owner, challenge }, Json(body)): With<Mine, Json<Submission, MAX_BODY>>,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    if !(1..=MAX_SUBMISSION).contains(&body.flag.chars().count()) {
        return Err(Problem::invalid(format!("flag: 1 to {MAX_SUBMISSION} characters")));
    }
    let sender = Sender { name: Some(player.name.to_string()), address: player.address };
    let verdict = coordinator.instances.submit_for(challenge, owner, sender, body.flag).await?;
    Ok(HttpResponse::Ok().json(VerdictView::from(verdict)))
}
