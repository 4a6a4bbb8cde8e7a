//! The feeds of `CTFtime`: standings and captures.

use super::scoreboard::names;
use crate::http::extract::body::With;
use crate::http::extract::query::Query;
use crate::http::openapi::answers::TooMany;
use crate::http::problem::Code;
use crate::http::state::Shared;
use crate::http::{Anybody, Problem};
use actix_web::HttpResponse;
use actix_web::http::header::ContentType;
use challengectl_common::Timestamp;
use challengectl_coordinator::Coordinator;
use challengectl_coordinator::flags::{NamedCapture, Standing};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write;
use utoipa::{IntoParams, ToSchema};

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
pub async fn standings(_: Anybody, coordinator: Shared<Coordinator>) -> Result<HttpResponse, Problem> {
    let (challenges, standings) = coordinator.flags.scoreboard().await?;
    let names = names(&challenges);
    let standings = standings.into_iter().map(|standing| of_ctftime(standing, &names)).collect();
    ascii(&CtftimeFeed { tasks: names.into_values().collect(), standings })
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

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub struct After {
    /// The id of the last capture that is known; absent: 0.
    #[param(minimum = 0, default = 0)]
    last_id: Option<i64>,
}

/// A capture, in the form of the capture log feed of `CTFtime`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CtftimeCapture {
    id: i64,
    /// Seconds since 1970.
    time: i64,
    /// Always `taskCorrect`: wrong flags are nobody's business.
    #[serde(rename = "type")]
    kind: &'static str,
    team: String,
    task: String,
    points_delta: u32,
}

/// Show the captures after one that is known, the oldest first, in the form that `CTFtime` reads.
///
/// At most 1,000; ask again from the last of them.
#[utoipa::path(get, path = "/api/play/ctftime/captures", responses((status = OK, body = Vec<CtftimeCapture>), TooMany))]
pub async fn captures(
    With(_, Query(after)): With<Anybody, Query<After>>,
    coordinator: Shared<Coordinator>,
) -> Result<HttpResponse, Problem> {
    let last_id = after.last_id.unwrap_or_default();
    if last_id < 0 {
        return Err(Problem::invalid("lastId: not below 0"));
    }
    let captures = coordinator.flags.captures(last_id).await?.into_iter();
    let captures: Vec<_> = captures.map(of_capture).collect();
    ascii(&captures)
}

fn of_capture(NamedCapture { capture, competitor, challenge }: NamedCapture) -> CtftimeCapture {
    CtftimeCapture {
        id: capture.id,
        time: seconds(capture.solve.solved_at),
        kind: "taskCorrect",
        team: competitor,
        task: challenge.name,
        points_delta: capture.solve.points,
    }
}

/// Answers in JSON of ASCII alone, as the reader of feeds wants it: other characters can only be in strings.
fn ascii(feed: &impl Serialize) -> Result<HttpResponse, Problem> {
    let text = serde_json::to_string(feed).map_err(|_| Problem::new(Code::InternalError))?;
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            escaped.push(c);
            continue;
        }
        // UTF-16, in pairs beyond U+FFFF (RFC 8259, section 7).
        for unit in c.encode_utf16(&mut [0; 2]) {
            let _ = write!(escaped, "\\u{unit:04x}");
        }
    }
    Ok(HttpResponse::Ok().content_type(ContentType::json()).body(escaped))
}
