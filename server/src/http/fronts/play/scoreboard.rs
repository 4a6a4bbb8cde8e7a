use crate::http::openapi::answers::TooMany;
use crate::http::state::Shared;
use crate::http::{Anybody, Problem};
use actix_web::HttpResponse;
use challengectl_common::Timestamp;
use challengectl_coordinator::Coordinator;
use challengectl_coordinator::flags::{Solvable, Standing};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
struct Scoreboard {
    standings: Vec<StandingView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Standing)]
struct StandingView {
    place: u32,
    /// The team, or the player.
    name: String,
    points: u32,
    last_solve: Timestamp,
    solves: Vec<SolveView>,
}

/// A challenge that was solved, or a part of it.
#[derive(Serialize, ToSchema)]
#[schema(as = Solve)]
struct SolveView {
    challenge_id: i64,
    challenge: String,
    points: u32,
    solved_at: Timestamp,
}

/// Show the scoreboard.
///
/// Of equal scores the one that was reached first is ahead.
#[utoipa::path(get, path = "/api/play/scoreboard", responses((status = OK, body = Scoreboard), TooMany))]
pub async fn show(_: Anybody, coordinator: Shared<Coordinator>) -> Result<HttpResponse, Problem> {
    let (challenges, standings) = coordinator.flags.scoreboard().await?;
    let names = names(&challenges);
    let standings = standings.into_iter().map(|standing| view(standing, &names)).collect();
    Ok(HttpResponse::Ok().json(Scoreboard { standings }))
}

pub(super) fn names(challenges: &[Solvable]) -> BTreeMap<i64, String> {
    challenges.iter().map(|challenge| (challenge.id, challenge.name.clone())).collect()
}

fn view(standing: Standing, names: &BTreeMap<i64, String>) -> StandingView {
    let solve = |it: challengectl_coordinator::flags::Solve| SolveView {
        challenge_id: it.challenge_id,
        challenge: names.get(&it.challenge_id).cloned().unwrap_or_default(),
        points: it.points,
        solved_at: it.solved_at,
    };
    let Standing { place, name, points, last_solve, solves } = standing;
    StandingView { place, name, points, last_solve, solves: solves.into_iter().map(solve).collect() }
}
