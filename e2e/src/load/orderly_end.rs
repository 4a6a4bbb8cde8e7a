//! An orderly end of a server under load: everything that it has acknowledged must be in its database.

use super::simulated::{Runner, client, enroll};
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

/// The number of challenges, which are sent repeatedly and all fit on air at once.
const CHALLENGES: u32 = 150;

/// The result.
#[derive(Debug)]
pub struct Report {
    /// The numbers of acknowledged requests before the end.
    pub tasks: usize,
    pub reports: usize,
    pub log_lines: usize,
    /// From the signal to the end of the process.
    pub end_ms: f64,
}

/// The acknowledgements that runners got.
#[derive(Debug, Default)]
struct Acknowledged {
    tasks: Vec<i64>,
    reports: Vec<i64>,
    lines: Vec<String>,
}

/// Lets runners take and report tasks as fast as they can, and sends the server its signal meanwhile.
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
    // All of them before the first one works: with a server that is busy with n others, a registration waits for n
    // requests, so that 500 of them in turn took minutes.
    for runner in &runners {
        runner.register(&client, site.url()).await?;
    }
    let mut at_work = JoinSet::new();
    for runner in runners {
        at_work.spawn(work(client.clone(), site.url().to_owned(), runner));
    }
    tokio::time::sleep(time).await;
    let signal = Instant::now();
    block_in_place(|| site.stop())?;
    let end_ms = signal.elapsed().as_secs_f64() * 1e3;
    let mut acknowledged = Acknowledged::default();
    while let Some(one) = at_work.join_next().await {
        let Acknowledged { tasks, reports, lines } = one?;
        acknowledged.tasks.extend(tasks);
        acknowledged.reports.extend(reports);
        acknowledged.lines.extend(lines);
    }
    nothing_is_lost(&site, &acknowledged).await?;
    // The server starts again.
    site.start_server()?;
    ensure!(client.get(format!("{}/ready", site.url())).send().await?.status().is_success(), "not ready again");
    block_in_place(|| site.stop())?;
    Ok(Report {
        tasks: acknowledged.tasks.len(),
        reports: acknowledged.reports.len(),
        log_lines: acknowledged.lines.len(),
        end_ms,
    })
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

/// Takes tasks, logs a line for each, and reports them, until the server has ended.
async fn work(client: Client, url: String, runner: Runner) -> Acknowledged {
    let mut acknowledged = Acknowledged::default();
    while let Ok(answer) = take_turn(&client, &url, &runner, &mut acknowledged).await {
        if !answer {
            break;
        }
    }
    acknowledged
}

/// Takes and reports one task; false if the server is stopping.
async fn take_turn(client: &Client, url: &str, runner: &Runner, acknowledged: &mut Acknowledged) -> Result<bool> {
    let answer = runner.request(client, Method::GET, url, "task?wait=5").send().await?;
    if !answer.status().is_success() {
        return Ok(false);
    }
    let answer: Value = answer.json().await?;
    let number = |key: &str| answer.pointer(&format!("/task/{key}")).and_then(Value::as_i64);
    let (Some(assignment), Some(challenge)) = (number("assignment_id"), number("challenge_id")) else {
        return Ok(true);
    };
    acknowledged.tasks.push(assignment);
    let message = format!("assignment {assignment} of {}", runner.id);
    let line = json!({"level": "INFO", "message": message});
    if runner.request(client, Method::POST, url, "log").json(&line).send().await?.status().is_success() {
        acknowledged.lines.push(message);
    }
    let report = json!({"challenge_id": challenge, "assignment_id": assignment, "status": "success"});
    if runner.request(client, Method::POST, url, "complete").json(&report).send().await?.status().is_success() {
        acknowledged.reports.push(assignment);
    }
    Ok(true)
}

async fn nothing_is_lost(site: &Site, acknowledged: &Acknowledged) -> Result<()> {
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
    ensure_none("assignments", acknowledged.tasks.iter().filter(|id| !assignments.contains(id)).count())?;
    ensure_none("reports", acknowledged.reports.iter().filter(|id| !successes.contains(id)).count())?;
    ensure_none("log lines", acknowledged.lines.iter().filter(|line| !lines.contains(*line)).count())?;
    let distinct: HashSet<_> = acknowledged.tasks.iter().collect();
    ensure!(distinct.len() == acknowledged.tasks.len(), "an assignment was given to two runners");
    acknowledged.tasks.first().context("no runner got a task")?;
    Ok(())
}

fn ensure_none(what: &str, lost: usize) -> Result<()> {
    ensure!(lost == 0, "{lost} {what} were acknowledged and are not in the database");
    Ok(())
}
