//! A server that is told to end while everybody is at work: what it has said yes to is in its database.

use crate::simulated::{Runner, client, enroll};
use crate::site::{Site, Times};
use anyhow::{Context, Result, ensure};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use std::collections::HashSet;
use std::fmt::Write;
use std::time::{Duration, Instant};
use tokio::task::{JoinSet, block_in_place};

/// Each goes again and again, and all of them fit on air at once.
const CHALLENGES: u32 = 150;

/// How it went.
#[derive(Debug)]
pub struct Report {
    /// What was acknowledged before the end.
    pub tasks: usize,
    pub reports: usize,
    pub log_lines: usize,
    /// From the signal to the end of the process.
    pub end_ms: f64,
}

/// What the server has told one runner.
#[derive(Debug, Default)]
struct Told {
    tasks: Vec<i64>,
    reports: Vec<i64>,
    lines: Vec<String>,
}

/// Runners take work and report it as fast as they can; in the middle of it the server gets its signal.
pub async fn end_under_load(runners: u32, time: Duration) -> Result<Report> {
    let folder = tempfile::tempdir()?;
    let event = folder.path().join("challenges.yml");
    std::fs::write(&event, many_challenges())?;
    let mut site = Site::new(&event, None, Times { lease: 60.0, grace: 15.0, heartbeat: 20.0 })?;
    let options = SqliteConnectOptions::new().filename(site.database());
    let mut database = options.connect().await?;
    sqlx::query("BEGIN").execute(&mut database).await?;
    let runners = enroll(&mut database, runners).await?;
    sqlx::query("COMMIT").execute(&mut database).await?;
    site.start_server()?;

    let client = client()?;
    let mut at_work = JoinSet::new();
    for runner in runners {
        runner.register(&client, site.url()).await?;
        at_work.spawn(work(client.clone(), site.url().to_owned(), runner));
    }
    tokio::time::sleep(time).await;
    let signal = Instant::now();
    block_in_place(|| site.stop())?;
    let end_ms = signal.elapsed().as_secs_f64() * 1e3;
    let mut told = Told::default();
    while let Some(one) = at_work.join_next().await {
        let Told { tasks, reports, lines } = one?;
        told.tasks.extend(tasks);
        told.reports.extend(reports);
        told.lines.extend(lines);
    }
    nothing_is_lost(&site, &told).await?;
    // And it takes up its work again.
    site.start_server()?;
    ensure!(client.get(format!("{}/ready", site.url())).send().await?.status().is_success(), "not ready again");
    block_in_place(|| site.stop())?;
    Ok(Report { tasks: told.tasks.len(), reports: told.reports.len(), log_lines: told.lines.len(), end_ms })
}

fn many_challenges() -> String {
    let mut text = String::from("defaults: {min_delay: 0.1, max_delay: 0.5}\nchallenges:\n");
    for number in 0..CHALLENGES {
        let frequency = 144_000_000 + 20_000 * (number + 1);
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  - {{name: C{number}, modulation: cw, frequency: {frequency}, text: E}}");
    }
    text
}

/// Takes work, says a word about it, and reports it, until the server is gone.
async fn work(client: Client, url: String, runner: Runner) -> Told {
    let mut told = Told::default();
    while let Ok(answer) = take_turn(&client, &url, &runner, &mut told).await {
        if !answer {
            break;
        }
    }
    told
}

/// False when the server is stopping.
async fn take_turn(client: &Client, url: &str, runner: &Runner, told: &mut Told) -> Result<bool> {
    let answer = runner.request(client, Method::GET, url, "task?wait=5").send().await?;
    if !answer.status().is_success() {
        return Ok(false);
    }
    let answer: Value = answer.json().await?;
    let number = |key: &str| answer.pointer(&format!("/task/{key}")).and_then(Value::as_i64);
    let (Some(assignment), Some(challenge)) = (number("assignment_id"), number("challenge_id")) else {
        return Ok(true);
    };
    told.tasks.push(assignment);
    let message = format!("assignment {assignment} of {}", runner.id);
    let line = json!({"level": "INFO", "message": message});
    if runner.request(client, Method::POST, url, "log").json(&line).send().await?.status().is_success() {
        told.lines.push(message);
    }
    let report = json!({"challenge_id": challenge, "assignment_id": assignment, "status": "success"});
    if runner.request(client, Method::POST, url, "complete").json(&report).send().await?.status().is_success() {
        told.reports.push(assignment);
    }
    Ok(true)
}

async fn nothing_is_lost(site: &Site, told: &Told) -> Result<()> {
    let mut database = SqliteConnectOptions::new().filename(site.database()).read_only(true).connect().await?;
    let assignments: Vec<i64> = sqlx::query_scalar("SELECT id FROM assignments").fetch_all(&mut database).await?;
    let assignments: HashSet<i64> = assignments.into_iter().collect();
    let successes: Vec<i64> =
        sqlx::query_scalar("SELECT assignment_id FROM transmissions WHERE status = 'success' AND ended_at IS NOT NULL")
            .fetch_all(&mut database)
            .await?;
    let successes: HashSet<i64> = successes.into_iter().collect();
    let lines: Vec<String> = sqlx::query_scalar("SELECT message FROM logs").fetch_all(&mut database).await?;
    let lines: HashSet<String> = lines.into_iter().collect();
    ensure_none("assignments", told.tasks.iter().filter(|id| !assignments.contains(id)).count())?;
    ensure_none("reports", told.reports.iter().filter(|id| !successes.contains(id)).count())?;
    ensure_none("log lines", told.lines.iter().filter(|line| !lines.contains(*line)).count())?;
    let distinct: HashSet<_> = told.tasks.iter().collect();
    ensure!(distinct.len() == told.tasks.len(), "an assignment was given to two runners");
    told.tasks.first().context("nobody got any work")?;
    Ok(())
}

fn ensure_none(what: &str, lost: usize) -> Result<()> {
    ensure!(lost == 0, "{lost} {what} were acknowledged and are not in the database");
    Ok(())
}
