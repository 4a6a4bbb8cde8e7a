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

fn names(challenges: &[Solvable]) -> BTreeMap<i64, String> {
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

/// The standings, in the form of the scoreboard feed of `CTFtime`.
#[derive(Serialize, ToSchema)]
struct CtftimeFeed {
    tasks: Vec<String>,
    standings: Vec<CtftimeStanding>,
}

#[derive(Serialize, ToSchema)]
struct CtftimeStanding {
    pos: u32,
    team: String,
    score: u32,
    #[serde(rename = "taskStats")]
    task_stats: BTreeMap<String, CtftimeTask>,
    /// Seconds since 1970.
    #[serde(rename = "lastAccept")]
    last_accept: i64,
}

#[derive(Serialize, ToSchema)]
struct CtftimeTask {
    points: u32,
    /// Seconds since 1970.
    time: i64,
}

/// Show the scoreboard in the form that `CTFtime` reads.
#[utoipa::path(get, path = "/api/play/ctftime", responses((status = OK, body = CtftimeFeed), TooMany))]
pub async fn ctftime(_: Anybody, coordinator: Shared<Coordinator>) -> Result<HttpResponse, Problem> {
    let (challenges, standings) = coordinator.flags.scoreboard().await?;
    let names = names(&challenges);
    let standings = standings.into_iter().map(|standing| of_ctftime(standing, &names)).collect();
    Ok(HttpResponse::Ok().json(CtftimeFeed { tasks: names.into_values().collect(), standings }))
}

fn of_ctftime(standing: Standing, names: &BTreeMap<i64, String>) -> CtftimeStanding {
    let mut task_stats: BTreeMap<String, CtftimeTask> = BTreeMap::new();
    for solve in standing.solves {
        let Some(name) = names.get(&solve.challenge_id) else { continue };
        // The parts of a challenge together; the feed knows no parts.
        let task = task_stats.entry(name.clone()).or_insert(CtftimeTask { points: 0, time: 0 });
        task.points += solve.points;
        task.time = task.time.max(seconds(solve.solved_at));
    }
    let last_accept = seconds(standing.last_solve);
    CtftimeStanding { pos: standing.place, team: standing.name, score: standing.points, task_stats, last_accept }
}

fn seconds(time: Timestamp) -> i64 {
    time.as_millis() / 1000
}
