//! The site of the faults: a server, two runners of two radios each behind their own proxies, and an operator.

use super::carriers::{Carrier, carriers, is_on_air};
use super::clock::{ProgramClock, clean_up};
use super::doubled::Pause;
use super::findings::Findings;
use super::plan::{GRACE, LEASE, RUNNERS};
use super::proxy::Proxy;
use crate::history::History;
use crate::load::long_audio::write_tone;
use crate::load::simulated::add_history;
use crate::operator::Operator;
use crate::site::{Radio, Site, Times};
use anyhow::{Context, Result};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// In each band two long challenges that exclude each other, so that a radio is free for one that is given up by
/// mistake, and some that fill the gaps.
const EVENT: &str = "
frequency_ranges:
  - {name: wide, min_hz: 433100000, max_hz: 434700000}
defaults: {min_delay: 0.5, max_delay: 2}
challenges:
  - {name: U1, modulation: cw, frequency: 433920000, text: PARIS PARIS PARIS, parameters: {wpm: 20}}
  - {name: U2, modulation: cw, frequency: 433920000, text: PARIS PARIS, parameters: {wpm: 15}}
  - {name: U3, modulation: ask, frequency: 433925000, text: overlaps both, min_delay: 5, max_delay: 9}
  - {name: U4, modulation: ask, frequency_ranges: [wide], text: anywhere, priority: 9, min_delay: 5, max_delay: 9}
  - {name: U5, modulation: pocsag, frequency: 434950000, text: page, parameters: {capcode: 8}, min_delay: 5, max_delay: 9}
  - {name: V1, modulation: cw, frequency: 145550000, text: PARIS PARIS PARIS, parameters: {wpm: 20}}
  - {name: V2, modulation: cw, frequency: 145550000, text: PARIS PARIS, parameters: {wpm: 15}}
  - {name: V3, modulation: pocsag, frequency: 145600000, text: page, parameters: {capcode: 8, baud: 1200}, min_delay: 5, max_delay: 9}
  - {name: V4, modulation: nbfm, frequency: 145700000, file: tone.wav, min_delay: 5, max_delay: 9}
  - {name: V5, modulation: nbfm, frequency: 145800000, file: tone.wav, min_delay: 5, max_delay: 9}
";

/// The challenges of eight seconds and more.
const LONG: [&str; 4] = ["U1", "U2", "V1", "V2"];

/// A third of the lease: a stop cannot wait for it.
const TIMES: Times = Times { lease: LEASE, grace: GRACE, heartbeat: LEASE / 3.0 };
/// Enough for every modulation of the event.
const SAMPLE_RATE: u32 = 48_000;

/// The site, and the observations.
pub struct Place {
    pub site: Site,
    pub proxies: Vec<Arc<Proxy>>,
    pub operator: Arc<Operator>,
    /// The clock of the server.
    pub clock: ProgramClock,
    /// The clock of each runner.
    pub runner_clocks: Vec<ProgramClock>,
    pub history: History,
    pub findings: Findings,
    pub pauses: Vec<Pause>,
}

impl Place {
    /// Starts everything with a history of transmissions. If `clocks` is set, all programs follow clocks that can be
    /// set.
    pub async fn start(clocks: bool, history: u64) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let event = folder.path().join("challenges.yml");
        std::fs::write(&event, EVENT)?;
        write_tone(&folder.path().join("tone.wav"), 2)?;
        let mut site = Site::new(&event, None, TIMES)?;
        let mut database = SqliteConnectOptions::new().filename(site.database()).connect().await?;
        add_history(&mut database, history).await?;
        database.close().await?;
        let clock = ProgramClock::new(site.path("server.clock"))?;
        if clocks {
            site.set_environment(clock.environment()?);
        }
        site.start_server()?;
        let operator = Arc::new(Operator::set_up(&site).await?);
        let (mut proxies, mut runner_clocks) = (Vec::new(), Vec::new());
        for (index, name) in RUNNERS.iter().enumerate() {
            let proxy = Proxy::start(site.url()).await?;
            let radio = |id, limits| Radio { id, limits, sample_rate: SAMPLE_RATE };
            let radios = [radio("vhf", "144000000-146000000"), radio("uhf", "433000000-435000000")];
            site.add_runner_behind(&proxy.url(), name, &radios)?;
            proxies.push(Arc::new(proxy));
            let clock = ProgramClock::new(site.path(&format!("{name}.clock")))?;
            if clocks {
                site.set_runner_environment(index, clock.environment()?)?;
            }
            runner_clocks.push(clock);
        }
        let history = History::open(&site.database()).await?;
        site.start_runners()?;
        let (findings, pauses) = (Findings::default(), Vec::new());
        Ok(Self { site, proxies, operator, clock, runner_clocks, history, findings, pauses })
    }

    /// Returns the proxy of a runner.
    pub fn proxy(&self, runner: usize) -> Result<&Proxy> {
        self.proxies.get(runner).map(Arc::as_ref).context("no such runner")
    }

    /// Cancels all orders of the proxies.
    pub fn calm(&self) {
        self.proxies.iter().for_each(|proxy| proxy.calm());
    }

    /// `kill -9` of the server.
    pub fn kill_server(&mut self) -> Result<()> {
        let pid = self.site.server_id()?;
        self.site.kill_server()?;
        clean_up(pid);
        Ok(())
    }

    /// `kill -9` of a runner's agent.
    pub fn kill_runner(&mut self, index: usize) -> Result<()> {
        let pid = self.site.runner_id(index)?;
        self.site.kill_runner(index)?;
        clean_up(pid);
        Ok(())
    }

    /// Returns the state folder of a runner.
    pub fn state(&self, runner: usize) -> Result<PathBuf> {
        Ok(self.site.path(RUNNERS.get(runner).context("no such runner")?))
    }

    /// Waits until a runner has begun to send a long challenge and the other has a free radio that could send it too,
    /// so that an assignment given up by mistake goes there at once. Continues without that after a time limit.
    pub async fn alone_on_air(&self, runner: usize) -> Result<()> {
        let agent = self.site.runner_id(runner)?;
        let others: Vec<u32> = (0..RUNNERS.len())
            .filter(|other| *other != runner)
            .filter_map(|other| self.site.runner_id(other).ok())
            .collect();
        let alone = || {
            let taken: Vec<Carrier> = others.iter().flat_map(|other| carriers(*other)).collect();
            let free = |name: &str| !taken.iter().any(|other| band(&other.data) == Some(name));
            carriers(agent).iter().any(|own| is_long_and_new(&own.data) && band(&own.data).is_some_and(free))
        };
        if !until(Duration::from_secs(40), alone).await? {
            self.findings.remark("its runner sends no long challenge alone");
        }
        Ok(())
    }

    /// Opens the server's database as another process.
    pub async fn database(&self) -> Result<SqliteConnection> {
        let options = SqliteConnectOptions::new().filename(self.site.database()).busy_timeout(Duration::from_secs(30));
        Ok(options.connect().await?)
    }

    /// Sets the last use of the operator's login to `ago`, by the server's clock.
    pub async fn set_login_used(&self, ago: Duration) -> Result<()> {
        let mut database = self.database().await?;
        sqlx::query("UPDATE logins SET created_at = $1, seen_at = $1")
            .bind(self.clock.now().before(ago).as_millis())
            .execute(&mut database)
            .await?;
        Ok(database.close().await?)
    }

    /// Waits until two carriers are on; false after the time limit.
    pub async fn two_on_air(&self, limit: Duration) -> Result<bool> {
        until(limit, || data_on_air(&self.site.recordings()).len() > 1).await
    }
}

/// Returns the challenge of a data file, the second part of its name.
fn challenge(data: &Path) -> Option<&str> {
    data.file_name()?.to_str()?.split('_').nth(1)
}

/// Returns the first letter of the challenge of a data file.
fn band(data: &Path) -> Option<&str> {
    challenge(data)?.get(..1)
}

fn is_long_and_new(data: &Path) -> bool {
    let is_new = std::fs::metadata(data).is_ok_and(|data| data.len() < 4 * u64::from(SAMPLE_RATE) * 8);
    is_new && is_on_air(data) && challenge(data).is_some_and(|challenge| LONG.contains(&challenge))
}

/// Returns the data files to which samples are being written.
pub fn data_on_air(recordings: &Path) -> Vec<PathBuf> {
    let Ok(files) = std::fs::read_dir(recordings) else { return Vec::new() };
    let data = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "sigmf-data");
    files.flatten().map(|file| file.path()).filter(data).filter(|path| is_on_air(path)).collect()
}

async fn until(limit: Duration, condition: impl Fn() -> bool) -> Result<bool> {
    let deadline = Instant::now() + limit;
    while !condition() {
        if Instant::now() > deadline {
            return Ok(false);
        }
        sleep(Duration::from_millis(20)).await;
    }
    Ok(true)
}
