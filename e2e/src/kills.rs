//! `kill -9` at random: the server, a runner, or everything.

use crate::history::{History, starved};
use crate::recordings::{clashes, read_all};
use crate::site::{Radio, Site, Times, wait_until};
use anyhow::{Result, ensure};
use challengectl_common::Timestamp;
use rand::RngExt;
use std::collections::BTreeMap;
use std::time::Duration;

const EVENT: &str = "
frequency_ranges:
  - {name: wide, min_hz: 433100000, max_hz: 434700000}
defaults: {min_delay: 0.5, max_delay: 2}
challenges:
  - {name: A1, modulation: ask, frequency: 433920000, text: one}
  - {name: A2, modulation: ask, frequency: 433925000, text: overlaps one}
  - {name: A3, modulation: ask, frequency_ranges: [wide], text: anywhere}
  - {name: A4, modulation: ask, frequency_ranges: [wide], text: anywhere too, priority: 9}
  - {name: C1, modulation: cw, frequency: 145550000, text: EE, parameters: {wpm: 20}}
  - {name: P1, modulation: pocsag, frequency: 433950000, text: page, parameters: {capcode: 8}}
  - {name: P2, modulation: pocsag, frequency: 145600000, text: page, parameters: {capcode: 8, baud: 1200}}
  - {name: L1, modulation: lrs, frequency: 145700000, text: -s 10 -p 976 -pf 1}
";

const TIMES: Times = Times { lease: 3.0, grace: 1.0, heartbeat: 0.8 };

/// What the kills showed.
#[derive(Debug)]
pub struct Report {
    pub kills: u32,
    pub recordings: usize,
    pub outcomes: Vec<(String, i64)>,
}

/// What one blow hits.
#[derive(Debug, Clone, Copy)]
struct Blow {
    server: bool,
    runner: Option<usize>,
}

/// Two runners of two radios on one server; `count` blows at random moments; then everything must be in order.
pub async fn survive(count: u32) -> Result<Report> {
    let folder = tempfile::tempdir()?;
    let event = folder.path().join("challenges.yml");
    std::fs::write(&event, EVENT)?;
    let mut site = Site::new(&event, None, TIMES)?;
    site.start_server()?;
    let radio = |id, limits| Radio { id, limits, sample_rate: 96_000 };
    for name in ["east", "west"] {
        site.add_runner(name, &[radio("vhf", "144000000-146000000"), radio("uhf", "433000000-435000000")])?;
    }
    site.start_runners()?;
    let result = strike(&mut site, count).await;
    if result.is_err() {
        eprintln!("kept in {}", site.keep().display());
    }
    result
}

async fn strike(site: &mut Site, count: u32) -> Result<Report> {
    let mut rng = rand::rng();
    for number in 0..count {
        std::thread::sleep(Duration::from_millis(rng.random_range(200..4000)));
        let runner = rng.random_range(0..site.runners());
        let blow = match rng.random_range(0..3) {
            0 => Blow { server: true, runner: None },
            1 => Blow { server: false, runner: Some(runner) },
            _ => Blow { server: true, runner: Some(runner) },
        };
        println!("{:>4}: {blow:?}", number + 1);
        hit(site, blow, Duration::from_millis(rng.random_range(0..2500))).await?;
    }
    in_order(site, count).await
}

async fn hit(site: &mut Site, blow: Blow, down: Duration) -> Result<()> {
    if blow.server {
        site.kill_server()?;
    }
    if let Some(index) = blow.runner {
        site.kill_runner(index)?;
    }
    let before = due_times(site).await?;
    std::thread::sleep(down);
    if blow.server {
        site.start_server()?;
    }
    if let Some(index) = blow.runner {
        site.start_runner(index)?;
    }
    for (challenge, due) in due_times(site).await? {
        ensure!(due > 0, "{challenge:?} has lost its due time");
        ensure!(before.get(&challenge).is_none_or(|before| *before == due), "{challenge:?} is due at another time");
    }
    Ok(())
}

async fn due_times(site: &Site) -> Result<BTreeMap<(String, i64), i64>> {
    History::open(&site.database()).await?.due_times().await
}

async fn in_order(site: &mut Site, kills: u32) -> Result<Report> {
    let calm = Timestamp::now();
    let history = History::open(&site.database()).await?;
    let runtime = tokio::runtime::Handle::current();
    wait_until("every challenge goes on air again after the last kill", Duration::from_secs(90), || {
        let successes = tokio::task::block_in_place(|| runtime.block_on(history.successes_since(calm)))?;
        Ok(successes.values().all(|times| *times > 0))
    })?;
    site.stop()?;
    let recordings = read_all(&site.recordings())?;
    let clashes = clashes(&recordings);
    ensure!(clashes.is_empty(), "on air at the same time: {clashes:#?}");
    let unfinished = history.unfinished().await?;
    ensure!(unfinished.is_empty(), "without one final state: {unfinished:?}");
    let starved = starved(&history.assignments().await?);
    ensure!(starved.is_empty(), "starved: {starved:#?}");
    Ok(Report { kills, recordings: recordings.len(), outcomes: history.outcomes().await? })
}
