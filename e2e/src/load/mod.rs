//! The cost of requests: thousands of simulated runners on one real server, over real HTTP.
//!
//! A history is put into the database before the server starts.

pub mod disk;
pub mod long_audio;
pub mod orderly_end;
pub mod simulated;
pub mod transactions;

use crate::site::{Site, Times};
use anyhow::{Context, Result};
use rand::RngExt;
use reqwest::{Method, RequestBuilder};
use simulated::{Runner, add_history, client, enroll};
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnectOptions;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A challenge that no simulated runner can send, so that every poll finds a due challenge but no task.
const EVENT: &str = "challenges:\n  - {name: FAR, modulation: cw, frequency: 28000000, text: E}\n";

/// The intervals of the runners.
const HEARTBEAT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_secs(10);

/// The load.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    pub runners: u32,
    pub time: Duration,
    /// Transmissions in the database beforehand.
    pub history: u64,
}

/// The result.
#[derive(Debug)]
pub struct Report {
    pub load: Load,
    pub requests: u64,
    pub failures: u64,
    pub requests_per_second: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub worst_ms: f64,
    /// CPU time of the server per second of the run.
    pub server_cores: f64,
    pub server_idle_kib: u64,
    pub server_peak_kib: u64,
    pub server_start_ms: f64,
}

/// Latencies in microseconds, in buckets that grow by a hundredth.
pub(crate) struct Latencies(Vec<AtomicU64>);

impl Latencies {
    const STEP: f64 = 1.01;

    fn new() -> Self {
        Self((0..2000).map(|_| AtomicU64::new(0)).collect())
    }

    fn record(&self, latency: Duration) {
        let bucket = (latency.as_secs_f64() * 1e6).max(1.0).log(Self::STEP) as usize;
        if let Some(bucket) = self.0.get(bucket.min(self.0.len() - 1)) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Returns the quantile of the latencies in milliseconds.
    pub(crate) fn quantile(&self, part: f64) -> f64 {
        let counts: Vec<u64> = self.0.iter().map(|bucket| bucket.load(Ordering::Relaxed)).collect();
        let wanted = (counts.iter().sum::<u64>() as f64 * part).ceil() as u64;
        let mut seen = 0;
        let bucket = counts.iter().position(|count| {
            seen += count;
            seen >= wanted
        });
        Self::STEP.powf(bucket.unwrap_or_default() as f64 + 1.0) / 1e3
    }
}

/// What came of many requests.
pub(crate) struct Tally {
    pub(crate) latencies: Latencies,
    failures: AtomicU64,
    requests: AtomicU64,
}

impl Default for Tally {
    fn default() -> Self {
        Self { latencies: Latencies::new(), failures: AtomicU64::new(0), requests: AtomicU64::new(0) }
    }
}

impl Tally {
    /// Sends a request and counts it.
    pub(crate) async fn of(&self, request: RequestBuilder) {
        let begin = Instant::now();
        let whole = match request.send().await {
            Ok(answer) if answer.status().is_success() => answer.bytes().await.is_ok(),
            _ => false,
        };
        self.latencies.record(begin.elapsed());
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.failures.fetch_add(u64::from(!whole), Ordering::Relaxed);
    }

    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    pub(crate) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }
}

/// Loads a server and measures.
pub async fn measure(load: Load) -> Result<Report> {
    let folder = tempfile::tempdir()?;
    let event = folder.path().join("challenges.yml");
    std::fs::write(&event, EVENT)?;
    let mut site = Site::new(&event, None, Times { lease: 60.0, grace: 15.0, heartbeat: 20.0 })?;
    let runners = prepare(&site, load).await?;
    let begin = Instant::now();
    site.start_server()?;
    let server_start_ms = begin.elapsed().as_secs_f64() * 1e3;
    let server_idle_kib = memory(site.server_id()?, "VmRSS:")?;

    let client = client()?;
    let tally = Arc::new(Tally::default());
    for runner in &runners {
        runner.register(&client, site.url()).await?;
    }

    let (begin, busy) = (Instant::now(), processor_time(site.server_id()?)?);
    let end = begin + load.time;
    let mut tasks = tokio::task::JoinSet::new();
    for runner in runners {
        tasks.spawn(live(client.clone(), site.url().to_owned(), runner, end, Arc::clone(&tally)));
    }
    while tasks.join_next().await.is_some() {}
    let seconds = begin.elapsed().as_secs_f64();
    let requests = tally.requests();
    let report = Report {
        load,
        requests,
        failures: tally.failures(),
        requests_per_second: requests as f64 / seconds,
        p50_ms: tally.latencies.quantile(0.5),
        p99_ms: tally.latencies.quantile(0.99),
        worst_ms: tally.latencies.quantile(1.0),
        server_cores: (processor_time(site.server_id()?)? - busy) / seconds,
        server_idle_kib,
        server_peak_kib: memory(site.server_id()?, "VmHWM:")?,
        server_start_ms,
    };
    site.stop()?;
    Ok(report)
}

/// Inserts keys for all runners, and a history, directly into the database.
async fn prepare(site: &Site, load: Load) -> Result<Vec<Runner>> {
    let database = SqlitePool::connect_with(SqliteConnectOptions::new().filename(site.database())).await?;
    let mut transaction = database.begin().await?;
    let runners = enroll(&mut transaction, load.runners).await?;
    add_history(&mut transaction, load.history).await?;
    transaction.commit().await?;
    database.close().await;
    Ok(runners)
}

/// Simulates one runner: heartbeats and polls at their intervals, from a random moment on.
async fn live(client: reqwest::Client, url: String, runner: Runner, end: Instant, tally: Arc<Tally>) {
    let now = Instant::now();
    let (mut heartbeat, mut poll) = (now + jitter(HEARTBEAT), now + jitter(POLL));
    loop {
        let next = heartbeat.min(poll);
        if next >= end {
            return;
        }
        tokio::time::sleep_until(next.into()).await;
        let request = if next == heartbeat {
            heartbeat += HEARTBEAT;
            runner.request(&client, Method::POST, &url, "heartbeat")
        } else {
            poll += POLL;
            runner.request(&client, Method::GET, &url, "task")
        };
        tally.of(request).await;
    }
}

fn jitter(period: Duration) -> Duration {
    period.mul_f64(rand::rng().random())
}

/// Returns the CPU time of a process in seconds, from the fields utime and stime of proc(5).
pub(crate) fn processor_time(pid: u32) -> Result<f64> {
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let (_, fields) = stat.rsplit_once(')').context("no name in stat")?;
    let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<f64>).sum::<Result<f64, _>>()?;
    Ok(ticks / TICKS_PER_SECOND)
}

/// Returns a memory figure of a process in KiB, by its name in /proc/PID/status.
pub fn memory(pid: u32, name: &str) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)).with_context(|| format!("no {name}"))?;
    Ok(line.split_whitespace().next().context("no figure")?.parse()?)
}
