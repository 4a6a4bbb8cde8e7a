//! Rounds of a whole event on one server and two runners of two radios each.

use crate::history::{History, starved};
use crate::recordings::{clashes, read_all};
use crate::site::{Radio, Site, Times};
use anyhow::{Result, ensure};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Enough for every challenge of the demo event, whose hopper spans 200 kHz, and small enough for long runs.
const SAMPLE_RATE: u32 = 250_000;

const RADIOS: [(&str, [(&str, &str); 2]); 2] = [
    ("east", [("vhf", "144000000-148000000"), ("uhf", "420000000-470000000")]),
    ("west", [("uhf", "420000000-470000000"), ("shf", "902000000-928000000")]),
];

/// Runs the event for this time, prints the number of transmissions of each challenge, and returns the folder of
/// recordings.
pub async fn go_round(event: &Path, base: Option<&Path>, time: Duration) -> Result<PathBuf> {
    let mut site = Site::new(event, base, Times { lease: 60.0, grace: 15.0, heartbeat: 20.0 })?;
    site.start_server()?;
    for (runner, radios) in RADIOS {
        let radios = radios.map(|(id, limits)| Radio { id, limits, sample_rate: SAMPLE_RATE });
        site.add_runner(runner, &radios)?;
    }
    site.start_runners()?;
    let begin = Instant::now();
    while begin.elapsed() < time {
        std::thread::sleep(Duration::from_secs(10).min(time.saturating_sub(begin.elapsed())));
        let on_air = History::open(&site.database()).await?.assignments().await?;
        let live: Vec<_> = on_air.iter().filter(|a| a.state == "live").map(|a| a.challenge.as_str()).collect();
        println!("{:>5.0} s: {} assignments, on air: {}", begin.elapsed().as_secs_f64(), on_air.len(), live.join(", "));
    }
    site.stop()?;
    report(&site).await?;
    Ok(site.keep())
}

async fn report(site: &Site) -> Result<()> {
    let history = History::open(&site.database()).await?;
    let assignments = history.assignments().await?;
    let successes = history.successes_since(challengectl_common::Timestamp::default()).await?;
    let silent: Vec<_> = successes.iter().filter(|(_, times)| **times == 0).map(|(name, _)| name.clone()).collect();
    for (name, times) in successes {
        let waits = assignments.iter().filter(|a| a.challenge == name).map(|a| a.assigned_at - a.due_at);
        println!("{name:<20} {times:>4} times, longest wait {:>7} ms", waits.max().unwrap_or_default());
    }
    for (status, count) in history.outcomes().await? {
        println!("{status:<20} {count:>4}");
    }
    let recordings = read_all(&site.recordings())?;
    let clashes = clashes(&recordings);
    ensure!(clashes.is_empty(), "on air at the same time: {clashes:#?}");
    ensure!(silent.is_empty(), "never on air: {}", silent.join(", "));
    let starved = starved(&assignments);
    ensure!(starved.is_empty(), "starved: {starved:#?}");
    println!("{} recordings, no clash, nothing starved", recordings.len());
    Ok(())
}
