//! Faults of processes: killed, restarted, frozen, doubled.

use super::carriers::{Carrier, StandStill, carriers};
use super::doubled::Pause;
use super::place::Place;
use super::plan::{End, Frozen};
use crate::programs::{Process, run};
use anyhow::Result;
use challengectl_common::Timestamp;
use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;
use tokio::time::sleep;

type DueTimes = BTreeMap<(String, i64), i64>;

/// Kills programs (`kill -9`) and restarts them. No due time may change.
pub async fn kill(place: &mut Place, server: bool, runner: Option<usize>, down: Duration) -> Result<()> {
    if server {
        place.kill_server()?;
    }
    if let Some(index) = runner {
        place.kill_runner(index)?;
    }
    let before = place.history.due_times().await?;
    sleep(down).await;
    start(place, server, runner)?;
    let after = place.history.due_times().await?;
    for what in moved(&before, &after) {
        place.findings.find(what);
    }
    Ok(())
}

fn start(place: &mut Place, server: bool, runner: Option<usize>) -> Result<()> {
    if server {
        place.site.start_server()?;
    }
    match runner {
        Some(index) => place.site.start_runner(index),
        None => Ok(()),
    }
}

fn moved(before: &DueTimes, after: &DueTimes) -> Vec<String> {
    let mut moved = Vec::new();
    for (challenge, due) in after {
        if *due <= 0 {
            moved.push(format!("{challenge:?} has lost its due time"));
        }
        if before.get(challenge).is_some_and(|before| before != due) {
            moved.push(format!("{challenge:?} is due at another time"));
        }
    }
    moved
}

/// Ends the runner in order, then the server, and restarts both.
pub async fn restart(place: &mut Place, server: bool, runner: Option<usize>, down: Duration) -> Result<()> {
    if let Some(index) = runner {
        place.site.stop_runner(index)?;
    }
    if server {
        place.site.stop_server()?;
    }
    sleep(down).await;
    start(place, server, runner)
}

/// Sends SIGSTOP, and SIGCONT after this time.
pub async fn freeze(place: &mut Place, who: Frozen, time: Duration) -> Result<()> {
    let (agent, transmitters) = match who {
        Frozen::Server => (Some(place.site.server_id()?), Vec::new()),
        Frozen::Agent(index) => (Some(place.site.runner_id(index)?), Vec::new()),
        Frozen::Transmitters(index) => (None, carriers(place.site.runner_id(index)?)),
        Frozen::Host(index) => {
            let agent = place.site.runner_id(index)?;
            (Some(agent), carriers(agent))
        }
    };
    let pids: Vec<u32> = agent.into_iter().chain(transmitters.iter().map(|carrier| carrier.pid)).collect();
    let still = StandStill::of(&pids)?;
    let from = Timestamp::now();
    sleep(time).await;
    let to = Timestamp::now();
    drop(still);
    place.pauses.extend(transmitters.into_iter().map(|Carrier { data, .. }| Pause { data, from, to }));
    Ok(())
}

/// Starts a second agent on the same state folder, which must refuse to run.
pub async fn copy(place: &mut Place, runner: usize, time: Duration, end: End) -> Result<()> {
    place.alone_on_air(runner).await?;
    let mut second = place.site.start_second_agent(runner, None)?;
    sleep(time).await;
    match second.ended_within(Duration::ZERO)? {
        Some(status) if !status.success() => place.findings.copies_refused += 1,
        Some(status) => place.findings.find(format_args!("a second agent on one state folder ended with {status}")),
        None => {
            finish(&mut second, end)?;
            place.findings.find(format_args!("a second agent ran on one state folder for {time:?}"));
        }
    }
    Ok(())
}

/// Copies the state folder, and uses the copy for a while with other radios.
pub async fn elsewhere(place: &mut Place, runner: usize, time: Duration, end: End) -> Result<()> {
    place.alone_on_air(runner).await?;
    let copy = place.site.path("elsewhere");
    run(Command::new("cp").arg("-a").arg(place.state(runner)?).arg(&copy))?;
    let mut second = place.site.start_second_agent(runner, Some(&copy))?;
    sleep(time).await;
    match second.ended_within(Duration::ZERO)? {
        Some(status) => place.findings.remark(format_args!("the copy has ended by itself: {status}")),
        None => finish(&mut second, end)?,
    }
    // What it had started ends by itself a moment later.
    sleep(Duration::from_millis(200)).await;
    Ok(std::fs::remove_dir_all(&copy)?)
}

fn finish(agent: &mut Process, end: End) -> Result<()> {
    match end {
        End::Killed => agent.kill(),
        End::Orderly => agent.terminate().map(|_| ()),
    }
}
