//! The longest write transaction of a server with a million old rows of everything to delete, 10,000 runners that send
//! requests at once, and one that floods the log.

use super::disk::{Probe, Syncs};
use super::simulated::{Runner, client, enroll};
use crate::site::{Site, Times, wait_until};
use anyhow::{Context, Result};
use challengectl_common::Timestamp;
use futures_util::{StreamExt, TryStreamExt, stream};
use reqwest::Method;
use serde_json::json;
use sqlx::SqliteConnection;
use sqlx::{ConnectOptions, sqlite::SqliteConnectOptions};
use std::time::Duration;

const EVENT: &str = "challenges:\n  - {name: FAR, modulation: cw, frequency: 28000000, text: E}\n";
const MONTHS: i64 = 90 * 24 * 60 * 60 * 1000;
/// Concurrent requests of runners.
const AT_ONCE: usize = 64;

/// The result.
#[derive(Debug)]
pub struct Report {
    pub rows: u64,
    pub runners: u32,
    pub transactions: u64,
    pub longest_ms: f64,
    /// The numbers of transactions up to given durations.
    pub at_most: Vec<String>,
    /// The log lines of transactions above 100 ms, without the times.
    pub too_long: Vec<String>,
    /// What the disk takes for a page of its own in the same time: a commit is not faster.
    pub disk: Syncs,
    pub log_lines_kept: i64,
    pub database_mib: u64,
}

/// Lets a server delete old rows, and measures.
pub async fn measure(rows: u64, runners: u32, flood: Duration) -> Result<Report> {
    let folder = tempfile::tempdir()?;
    let event = folder.path().join("challenges.yml");
    std::fs::write(&event, EVENT)?;
    let mut site = Site::new(&event, None, Times { lease: 60.0, grace: 15.0, heartbeat: 20.0 })?;
    let mut database = SqliteConnectOptions::new().filename(site.database()).connect().await?;
    let runners = enroll(&mut database, runners).await?;
    fill(&mut database, i64::try_from(rows)?).await?;

    let settings = std::fs::read_to_string(site.path("server.yml"))?;
    std::fs::write(site.path("server.yml"), settings + "keep_transmissions_days: 30\n")?;
    site.start_server()?;
    let disk = Probe::start(&site.path("server"))?;
    let client = client()?;
    let url = site.url().to_owned();
    let all = || stream::iter(&runners).map(Ok);
    all().try_for_each_concurrent(AT_ONCE, |runner| runner.register(&client, &url)).await?;
    for _ in 0..2 {
        let heartbeat = |runner: &Runner| runner.request(&client, Method::POST, &url, "heartbeat").send();
        let answers = all().try_for_each_concurrent(AT_ONCE, |runner| {
            let answer = heartbeat(runner);
            async {
                answer.await?.error_for_status()?;
                anyhow::Ok(())
            }
        });
        answers.await?;
    }

    let first = runners.first().context("there is no runner")?;
    let lines: Vec<_> =
        (0..50).map(|n| json!({"level": "INFO", "message": format!("{n} {}", "x".repeat(4000))})).collect();
    let body = json!({"lines": lines});
    let end = std::time::Instant::now() + flood;
    while std::time::Instant::now() < end {
        let requests = (0..AT_ONCE).map(|_| first.request(&client, Method::POST, &url, "logs").json(&body).send());
        stream::iter(requests).buffer_unordered(AT_ONCE).for_each(|_| async {}).await;
    }

    let runtime = tokio::runtime::Handle::current();
    wait_until("the old rows are deleted", Duration::from_secs(1800), || {
        let count = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM transmissions").fetch_one(&mut database);
        Ok(tokio::task::block_in_place(|| runtime.block_on(count))? == 0)
    })?;
    let disk = disk.end()?;
    let metrics = client.get(format!("{url}/metrics")).send().await?.text().await?;
    let figure = |name: &str| {
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|value| value.parse::<f64>().ok()).context(name.to_owned())
    };
    let log_lines_kept = sqlx::query_scalar("SELECT count(*) FROM logs").fetch_one(&mut database).await?;
    let mut too_long: Vec<String> = site
        .log("server.log")
        .lines()
        .filter(|line| line.contains("write transaction took longer"))
        .filter_map(|line| line.split_once("WARN").map(|(_, text)| text.trim().to_owned()))
        .collect();
    too_long.sort();
    let report = Report {
        rows,
        runners: u32::try_from(runners.len())?,
        transactions: figure("challengectl_write_transaction_seconds_count")? as u64,
        longest_ms: figure("challengectl_write_transaction_longest_seconds")? * 1e3,
        at_most: metrics
            .lines()
            .filter_map(|line| {
                line.strip_prefix("challengectl_write_transaction_seconds_bucket{le=").map(str::to_owned)
            })
            .collect(),
        too_long,
        disk,
        log_lines_kept,
        database_mib: std::fs::metadata(site.database())?.len() >> 20,
    };
    site.stop()?;
    Ok(report)
}

/// Inserts `rows` old rows of each kind.
async fn fill(database: &mut SqliteConnection, rows: i64) -> Result<()> {
    const N: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)";
    let old = Timestamp::now().as_millis() - MONTHS;
    sqlx::query("BEGIN").execute(&mut *database).await?;
    for insert in [
        "INSERT INTO assignments (challenge_id, runner_id, radio_id, key_id, fence, frequency, band_low, band_high, state,
             assigned_at, expires_at, due_at, ended_at)
         SELECT 1000000 + i % 100, 'load-' || (i % 100), 'default', '0', i, 145000000, 144999000, 145001000, 'done',
             $2 + i, $2, $2, $2 FROM n",
        "INSERT INTO late_reports (received_at, runner_id, challenge_id, outcome, reason)
         SELECT $2, 'load-' || (i % 100), i, 'success', 'the assignment is over' FROM n",
        "INSERT INTO logs (received_at, logged_at, source, level, message)
         SELECT $2, $2, 'load-' || (i % 100), 'INFO', 'a line of a usual length, as runners send them ' || i FROM n",
        "INSERT INTO enrollment_tokens (digest, runner_id, created_at, expires_at)
         SELECT 'token-' || i, 'load-' || i, $2, $2 FROM n",
    ] {
        sqlx::query(sqlx::AssertSqlSafe(format!("{N} {insert}"))).bind(rows).bind(old).execute(&mut *database).await?;
    }
    sqlx::query(
        "INSERT INTO transmissions (assignment_id, challenge_id, challenge_name, runner_id, radio_id, frequency,
             modulation, status, planned_at, started_at, ended_at)
         SELECT id, challenge_id, 'C' || challenge_id, runner_id, radio_id, frequency, 'cw', 'success', assigned_at,
             assigned_at, ended_at FROM assignments",
    )
    .execute(&mut *database)
    .await?;
    sqlx::query("COMMIT").execute(&mut *database).await?;
    Ok(())
}
