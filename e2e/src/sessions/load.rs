//! What sessions cost a server when nothing happens to them, and when a thousand players ask how theirs stand.

use crate::load::simulated::{Runner, client, enroll};
use crate::load::{Tally, processor_time};
use crate::site::{Site, Times};
use anyhow::Result;
use challengectl_common::{Digest, Timestamp};
use reqwest::{Client, Method};
use serde_json::json;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{SqliteConnection, SqlitePool};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::{sleep, sleep_until};

/// The challenges that the sessions are of.
const CHALLENGES: i64 = 10;
/// The id of the first of them.
const FIRST: i64 = 101;
/// How often a player asks: as often as a page that counts down would.
const PERIOD: Duration = Duration::from_secs(5);
/// A challenge that no runner can send: an event has at least one.
const EVENT: &str = "challenges:\n  - {name: FAR, modulation: cw, frequency: 28000000, text: E}\n";
/// Time in which a server has done what it does once after its start.
const WARM_UP: Duration = Duration::from_secs(5);

/// The load.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    pub sessions: u32,
    pub players: u32,
    /// Of each measurement.
    pub time: Duration,
}

/// The result. Cores are processor time of the server per second.
#[derive(Debug)]
pub struct Cost {
    pub load: Load,
    pub idle_cores: f64,
    pub asking_cores: f64,
    pub requests_per_second: f64,
    pub failures: u64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub worst_ms: f64,
}

/// Measures a server with sessions that run on one runner: first idle, then with players who ask.
pub async fn measure(load: Load) -> Result<Cost> {
    let folder = tempfile::tempdir()?;
    let event = folder.path().join("challenges.yml");
    std::fs::write(&event, EVENT)?;
    let mut site = Site::new(&event, None, Times { lease: 60.0, grace: 15.0, heartbeat: 20.0 })?;
    // Makes the database and the key of its secrets.
    site.start_server()?;
    site.stop()?;
    let database = SqlitePool::connect_with(SqliteConnectOptions::new().filename(site.database())).await?;
    let mut transaction = database.begin().await?;
    let runner = enroll(&mut transaction, 1).await?.remove(0);
    add_sessions(&mut transaction, &runner, load.sessions).await?;
    let tokens = add_players(&mut transaction, load.players).await?;
    transaction.commit().await?;
    database.close().await;
    site.start_server()?;

    let client = client()?;
    let alive = tokio::spawn(live(client.clone(), site.url().to_owned(), runner));
    sleep(WARM_UP).await;
    let idle_cores = cores(&site, load.time, sleep(load.time)).await?;
    let tally = Arc::new(Tally::default());
    let end = Instant::now() + load.time;
    let asking = async {
        let mut tasks = tokio::task::JoinSet::new();
        for (number, token) in (0..).zip(tokens) {
            tasks.spawn(ask(client.clone(), site.url().to_owned(), number, token, end, Arc::clone(&tally)));
        }
        while tasks.join_next().await.is_some() {}
    };
    let asking_cores = cores(&site, load.time, asking).await?;
    if alive.is_finished() {
        alive.await??;
    }
    site.stop()?;
    Ok(Cost {
        load,
        idle_cores,
        asking_cores,
        requests_per_second: tally.requests() as f64 / load.time.as_secs_f64(),
        failures: tally.failures(),
        p50_ms: tally.latencies.quantile(0.5),
        p99_ms: tally.latencies.quantile(0.99),
        worst_ms: tally.latencies.quantile(1.0),
    })
}

async fn cores(site: &Site, time: Duration, work: impl Future<Output = ()>) -> Result<f64> {
    let before = processor_time(site.server_id()?)?;
    work.await;
    Ok((processor_time(site.server_id()?)? - before) / time.as_secs_f64())
}

/// Inserts challenges with running sessions of as many teams as needed into the database of a stopped server.
async fn add_sessions(database: &mut SqliteConnection, runner: &Runner, count: u32) -> Result<()> {
    let now = Timestamp::now().as_millis();
    let spec = json!({"containers": [{"image": "web:1"}]}).to_string();
    for id in FIRST..FIRST + CHALLENGES {
        let made = "INSERT INTO challenges (id, kind, name, enabled, public_view, updated_at)
                    VALUES ($1, 'instance', 'C' || $1, 1, '{}', $2)";
        sqlx::query(made).bind(id).bind(now).execute(&mut *database).await?;
        let made =
            "INSERT INTO instance_challenges (challenge_id, slug, about, version) VALUES ($1, 'c' || $1, '{}', 1)";
        sqlx::query(made).bind(id).execute(&mut *database).await?;
        let made = "INSERT INTO instance_specs (challenge_id, version, spec) VALUES ($1, 1, $2)";
        sqlx::query(made).bind(id).bind(&spec).execute(&mut *database).await?;
        sqlx::query("INSERT INTO scores (challenge_id, points) VALUES ($1, 100)")
            .bind(id)
            .execute(&mut *database)
            .await?;
    }
    // Each team has sessions of all challenges.
    sqlx::query(
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $1)
         INSERT INTO sessions (key, key_digest, front, challenge_id, version, owner, made_for, nonce, runner_id,
             engine_id, host, state, fence, lifetime_ms, requested_at, running_at, reap_at, revision)
         SELECT 'k' || i, 'd' || i, 'play', $5 + i % $2, 1, 'team:' || (1 + i / $2), '', '0', $3, 'docker', 'localhost',
             'running', 1, 86400000, $4, $4, $4 + 86400000, i + 1 FROM n WHERE i < $1",
    )
    .bind(count)
    .bind(CHALLENGES)
    .bind(&runner.id)
    .bind(now)
    .bind(FIRST)
    .execute(database)
    .await?;
    Ok(())
}

/// Inserts players, each alone in a team, and returns their personal tokens.
async fn add_players(database: &mut SqliteConnection, count: u32) -> Result<Vec<String>> {
    let (now, mut tokens) = (Timestamp::now().as_millis(), Vec::new());
    for number in 1..=i64::from(count) {
        let made = "INSERT INTO teams (id, name, look, join_code, created_at) VALUES ($1, 'T' || $1, 't' || $1, 'j' || $1, $2)";
        sqlx::query(made).bind(number).bind(now).execute(&mut *database).await?;
        let made = "INSERT INTO accounts (name, role, password, totp_secret, enabled, created_at)
                    VALUES ('player-' || $1, 'player', '', x'', 1, $2) RETURNING id";
        let account: i64 = sqlx::query_scalar(made).bind(number).bind(now).fetch_one(&mut *database).await?;
        let made = "INSERT INTO players (account_id, team_id) VALUES ($1, $2)";
        sqlx::query(made).bind(account).bind(number).execute(&mut *database).await?;
        let token = format!("cctl_token_{number:064x}");
        let made = "INSERT INTO personal_tokens (account_id, name, digest, created_at, expires_at) VALUES ($1, 't', $2, $3, $4)";
        sqlx::query(made)
            .bind(account)
            .bind(Digest::of(token.as_bytes()).to_string())
            .bind(now)
            .bind(now + 86_400_000)
            .execute(&mut *database)
            .await?;
        tokens.push(token);
    }
    Ok(tokens)
}

/// Keeps the runner of the sessions alive, as a real one does: heartbeats, and a long poll for orders.
async fn live(client: Client, url: String, runner: Runner) -> Result<()> {
    runner.register(&client, &url).await?;
    let heartbeats = async {
        loop {
            sleep(Duration::from_secs(20)).await;
            runner.request(&client, Method::POST, &url, "heartbeat").send().await?.error_for_status()?;
        }
    };
    let orders = async {
        let mut since = 0;
        loop {
            let poll = format!("instances?since={since}&wait=25");
            let answer = runner.request(&client, Method::GET, &url, &poll).send().await?.error_for_status()?;
            let orders: serde_json::Value = answer.json().await?;
            since = orders.get("revision").and_then(serde_json::Value::as_i64).unwrap_or_default();
        }
    };
    tokio::select! { done = heartbeats => done, done = orders => done }
}

/// One player: asks every [`PERIOD`], beginning at a random moment.
async fn ask(client: Client, url: String, number: i64, token: String, end: Instant, tally: Arc<Tally>) {
    let path = format!("{url}/api/play/challenges/{}/instance", FIRST + number % CHALLENGES);
    let mut next = Instant::now() + PERIOD.mul_f64(rand::random());
    while next < end {
        sleep_until(next.into()).await;
        next += PERIOD;
        tally.of(client.get(&path).bearer_auth(&token)).await;
    }
}
