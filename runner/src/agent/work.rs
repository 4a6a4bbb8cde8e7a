//! Carries out one assignment.

use super::ledger::{Entry, Report};
use super::slots::Slot;
use super::{Agent, health, heartbeat};
use crate::cache::PinnedFile;
use crate::process::clock::Moment;
use crate::radio::RecordingName;
use crate::transmit::{Ended, Job, Payload, Stage, Standing, Station, Verdict};
use challengectl_common::wire::{Task, WAV_RATE};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// The target of lines that stay in the runner's own log; only those of the program's modules are sent to the server.
const LOCAL: &str = "local";

/// The maximum number of pending reports. Beyond it a refused task is dropped without a report.
const MAX_UNREPORTED: usize = 256;

/// The reason of an assignment that ended before it went on air.
const NEVER_RENEWED: &str = "the lease ran out before it was renewed";

/// Starts a task, or reports why it cannot. Returns whether it did either.
pub(super) async fn take_up(agent: &Arc<Agent>, task: Task) -> bool {
    if let Some(why) = agent.health.why_out(&task.radio_id) {
        return refuse(agent, &task, why).await;
    }
    // The server may hand out a task again before its report arrives.
    if agent.held().contains(&task.assignment_id) {
        return false;
    }
    let radio = match agent.slots.take(&task.radio_id) {
        Ok(radio) => Arc::new(radio),
        Err(why) => return refuse(agent, &task, why).await,
    };
    let Some(standing) = agent.active.add(&task) else { return false };
    agent.heartbeat_now.notify_one();
    let agent = Arc::clone(agent);
    tokio::spawn(async move {
        tracing::info!(assignment = task.assignment_id, radio = %task.radio_id, "{} on {}", task.name, task.frequency);
        let (worker, its_task, its_radio) = (Arc::clone(&agent), task.clone(), Arc::clone(&radio));
        // In a Tokio task of its own, so that a panic still ends the assignment: the heartbeat renews all active ones.
        let ended = tokio::spawn(async move {
            match record(&worker, Entry::of(&its_task)).await {
                Ok(()) => carry_out(&worker, &its_task, &its_radio, standing).await,
                Err(error) => failed(format!("cannot write to the state folder: {error}")),
            }
        });
        let ended = ended.await.unwrap_or_else(|error| failed(format!("a defect of the runner: {error}")));
        health::record(&agent, &task.radio_id, &ended.verdict);
        // Before the report, after which the server may hand out the next.
        drop(radio);
        conclude(&agent, &task, ended).await;
    });
    true
}

/// Records an entry in the ledger, off the async threads, since it waits for the disk.
async fn record(agent: &Arc<Agent>, entry: Entry) -> std::io::Result<()> {
    let agent = Arc::clone(agent);
    let record = move || agent.ledger.record(entry);
    tokio::task::spawn_blocking(record).await.unwrap_or_else(|error| Err(std::io::Error::other(error)))
}

async fn refuse(agent: &Arc<Agent>, task: &Task, why: String) -> bool {
    if agent.ledger.assignments().len() >= MAX_UNREPORTED {
        tracing::debug!(assignment = task.assignment_id, "{}: not started: {why}", task.name);
        return false;
    }
    conclude(agent, task, failed(why)).await;
    true
}

async fn conclude(agent: &Arc<Agent>, task: &Task, ended: Ended) {
    match &ended.verdict {
        Verdict::Success if ended.underruns > 0 => {
            let (id, radio) = (task.assignment_id, &task.radio_id);
            // The server says so to the operators, when it has the report.
            tracing::warn!(target: LOCAL, assignment = id, %radio, "{}: sent, with {} gaps", task.name, ended.underruns);
        }
        Verdict::Success => tracing::info!(assignment = task.assignment_id, "{}: sent", task.name),
        Verdict::Aborted(why) => tracing::info!(assignment = task.assignment_id, "{}: cut: {why}", task.name),
        // The reason may quote the payload, which readers of the server's log may not know. The server gets it with the
        // report, and redacts it.
        Verdict::Failed(why) | Verdict::RadioFailed(why) => {
            tracing::error!(target: LOCAL, assignment = task.assignment_id, "{}: failed: {why}", task.name);
        }
    }
    let entry = Entry { report: Some(Report::from(ended)), ..Entry::of(task) };
    if let Err(error) = record(agent, entry).await {
        tracing::error!(assignment = task.assignment_id, "its report cannot be stored: {error}");
    }
    agent.active.remove(task.assignment_id);
    agent.report_now.notify_one();
}

async fn carry_out(agent: &Agent, task: &Task, slot: &Slot, standing: watch::Receiver<Standing>) -> Ended {
    let Some(radio) = agent.config.radio(task.radio_id.as_str()) else {
        return failed(format!("this runner has no radio {}", task.radio_id));
    };
    let radio = match radio.within(&task.frequency_ranges) {
        Ok(radio) => radio,
        Err(why) => return failed(why),
    };
    let lease = heartbeat::bounded(task.lease_seconds);
    let rested = async {
        tokio::time::sleep(slot.rest.remaining()).await;
        fetch(agent, task).await
    };
    let fetched = tokio::select! {
        fetched = rested => fetched,
        verdict = cut(standing.clone(), lease) => Err(verdict),
    };
    // Pinned until the end, so that the cache keeps the file.
    let (payload, _pinned) = match fetched {
        Ok(fetched) => fetched,
        Err(verdict) => return Ended::off_air(verdict),
    };
    let mut parameters = task.parameters.clone();
    for beside in ["text", WAV_RATE] {
        parameters.remove(beside);
    }
    let job = Job {
        lock: Some(agent.config.lock_file(&radio.id)),
        radio,
        challenge: task.name.clone(),
        recording: RecordingName::Assignment(task.assignment_id),
        frequency: task.frequency,
        modulation: task.modulation.clone(),
        parameters,
        payload,
        station: Station::of(&agent.config, *slot.identified.lock()),
    };
    let set_stage = |stage| {
        if let Stage::OnAir { samples: 0, length } = stage {
            slot.rest.begin(length.duration());
        }
        if agent.active.set_stage(task.assignment_id, stage) {
            // People who watch learn at once that the carrier is on.
            agent.heartbeat_now.notify_one();
        }
    };
    let first = standing.clone();
    let mut transmission = pin!(agent.children.carry_out(&job, standing, set_stage));
    let ended = tokio::select! {
        ended = &mut transmission => ended,
        () = never_renewed(first, lease) => {
            agent.active.stop(&[task.assignment_id], NEVER_RENEWED);
            // Not dropped: a device is closed in good order.
            transmission.await
        }
    };
    slot.rest.end().await;
    if ended.identified {
        *slot.identified.lock() = Some(Moment::now());
    }
    ended
}

/// Returns the payload of a task. A file is fetched and stays pinned.
async fn fetch(agent: &Agent, task: &Task) -> Result<(Payload, Option<PinnedFile>), Verdict> {
    let Some(digest) = task.flag_hash else {
        let text = task.parameters.get("text").and_then(|text| text.as_str());
        let text = text.ok_or_else(|| Verdict::Failed("the task has neither text nor a file".to_owned()))?;
        return Ok((Payload::Text(text.to_owned()), None));
    };
    // Not the file's name: it may be part of the flag, and more people read messages.
    let name = format!("file {digest}");
    match agent.cache.fetch(&agent.api, digest).await {
        Ok(pinned) => Ok((Payload::File { path: pinned.path().to_owned(), name }, Some(pinned))),
        Err(error) => Err(Verdict::Failed(format!("{name}: {error}"))),
    }
}

/// Waits until the assignment is stopped or its lease has run out, before the carrier was on; returns the verdict.
async fn cut(mut standing: watch::Receiver<Standing>, lease: Duration) -> Verdict {
    let mut left = lease;
    loop {
        match *standing.borrow_and_update() {
            Standing::Stop(reason) => return Verdict::Aborted(reason.to_owned()),
            Standing::Transmit(until) => left = until.remaining(),
            Standing::Prepare => {}
        }
        match tokio::time::timeout(left, standing.changed()).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => return Verdict::Aborted("the lease ran out before the carrier was on".to_owned()),
        }
    }
}

/// Returns when the lease has ended without a first renewal: the carrier never went on.
async fn never_renewed(mut standing: watch::Receiver<Standing>, lease: Duration) {
    let renewed = standing.wait_for(|standing| *standing != Standing::Prepare);
    if tokio::time::timeout(lease, renewed).await.is_ok() {
        std::future::pending::<()>().await;
    }
}

fn failed(why: String) -> Ended {
    Ended::off_air(Verdict::Failed(why))
}
