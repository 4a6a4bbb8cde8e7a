//! Challenges of kind `text`, for the dashboard. The Docker front changes them.

use crate::http::state::Shared;
use crate::http::{Problem, Viewer};
use actix_web::HttpResponse;
use challengectl_common::ChallengeName;
use challengectl_coordinator::Coordinator;
use challengectl_coordinator::catalog::Entry;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[schema(as = TextChallenges)]
struct List {
    challenges: Vec<Shown>,
}

/// A challenge that is read, and solved by a flag.
#[derive(Serialize, ToSchema)]
#[schema(as = TextChallenge)]
struct Shown {
    challenge_id: i64,
    name: ChallengeName,
    /// Whether players see it.
    enabled: bool,
    category: String,
    description: String,
    tags: Vec<String>,
    points: u32,
    /// Wrong flags of one team, or player; null: as many as the rate allows.
    max_attempts: Option<u32>,
}

impl From<Entry> for Shown {
    fn from(entry: Entry) -> Self {
        Self {
            challenge_id: entry.id,
            name: entry.name,
            enabled: entry.is_shown,
            category: entry.about.category,
            description: entry.about.description,
            tags: entry.about.tags,
            points: entry.points,
            max_attempts: entry.max_attempts,
        }
    }
}

/// List the challenges of kind text.
///
/// They are created and changed at `/api/v1/challenges`, and by event files.
#[utoipa::path(get, path = "/api/text-challenges", responses((status = OK, body = List)))]
pub async fn list(_: Viewer, coordinator: Shared<Coordinator>) -> Result<HttpResponse, Problem> {
    let challenges = coordinator.catalog.texts().await?.into_iter().map(Shown::from).collect();
    Ok(HttpResponse::Ok().json(List { challenges }))
}
