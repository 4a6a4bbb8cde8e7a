//! Carries out one assignment.

use super::ledger::{Entry, Report};
use super::{Agent, heartbeat};
use crate::cache::Held;
use crate::radio::Title;
use crate::transmit::{self, Ended, Job, Source, Standing, Verdict};
use challengectl_common::Timestamp;
use challengectl_common::wire::{Task, WAV_RATE};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Lines of this target are for the runner's own log; only those of the program's modules go to the server.
const LOCAL: &str = "local";

/// Reports that the server does not take. A server that hands out more meanwhile gets no answer to that.
const MAX_UNREPORTED: usize = 256;

/// Begins a task or reports why it does not, and returns whether it did either.
pub(super) async fn take_up(agent: &Arc<Agent>, task: Task) -> bool {
    // One that was handed out again before its report arrived is not sent again.
    if agent.held().contains(&task.assignment_id) {
        return false;
    }
    let slot = match agent.slots.take(&task.radio_id) {
        Ok(slot) => slot,
        Err(why) => return refuse(agent, &task, why).await,
    };
    let Some(standing) = agent.desk.take(&task) else { return false };
    agent.heartbeat_now.notify_one();
    let agent = Arc::clone(agent);
    tokio::spawn(async move {
        tracing::info!(assignment = task.assignment_id, radio = %task.radio_id, "{} on {}", task.name, task.frequency);
        let (worker, its_task) = (Arc::clone(&agent), task.clone());
        // A task of its own, so that a defect in it still comes to an end here: what stays on the desk is renewed.
        let ended = tokio::spawn(async move {
            match enter(&worker, Entry::of(&its_task)).await {
                Ok(()) => carry_out(&worker, &its_task, standing).await,
                Err(error) => failed(format!("the state folder cannot be written: {error}")),
            }
        });
        let ended = ended.await.unwrap_or_else(|error| failed(format!("a defect of the runner: {error}")));
        // Before the server hears of the end, and may hand out the next.
        drop(slot);
        conclude(&agent, &task, ended).await;
    });
    true
}

async fn enter(agent: &Arc<Agent>, entry: Entry) -> std::io::Result<()> {
    let agent = Arc::clone(agent);
    let put = move || agent.ledger.put(entry);
    tokio::task::spawn_blocking(put).await.unwrap_or_else(|error| Err(std::io::Error::other(error)))
}

async fn refuse(agent: &Arc<Agent>, task: &Task, why: String) -> bool {
    if agent.ledger.assignments().len() >= MAX_UNREPORTED {
        tracing::debug!(assignment = task.assignment_id, "{}: not taken up: {why}", task.name);
        return false;
    }
    conclude(agent, task, failed(why)).await;
    true
}

async fn conclude(agent: &Arc<Agent>, task: &Task, ended: Ended) {
    match &ended.verdict {
        Verdict::Success => tracing::info!(assignment = task.assignment_id, "{}: sent", task.name),
        Verdict::Aborted(why) => tracing::info!(assignment = task.assignment_id, "{}: cut: {why}", task.name),
        // Why may quote what the challenge carries, which not everybody who reads the server's log may know: it gets
        // there by the report, which the server looks through.
        Verdict::Failed(why) => {
            tracing::error!(target: LOCAL, assignment = task.assignment_id, "{}: failed: {why}", task.name);
        }
    }
    let entry = Entry { report: Some(Report::from(ended)), ..Entry::of(task) };
    if let Err(error) = enter(agent, entry).await {
        tracing::error!(assignment = task.assignment_id, "its end cannot be kept: {error}");
    }
    agent.desk.finish(task.assignment_id);
    agent.report_now.notify_one();
}

async fn carry_out(agent: &Agent, task: &Task, standing: watch::Receiver<Standing>) -> Ended {
    let Some(radio) = agent.config.radio(task.radio_id.as_str()) else {
        return failed(format!("this runner has no radio {}", task.radio_id));
    };
    let lease = heartbeat::bounded(task.lease_seconds);
    let fetched = tokio::select! {
        fetched = fetch(agent, task) => fetched,
        verdict = cut(standing.clone(), lease) => Err(verdict),
    };
    // Held until the end, so that the cache keeps the file.
    let (source, _held) = match fetched {
        Ok(fetched) => fetched,
        Err(verdict) => return over(verdict),
    };
    let mut parameters = task.parameters.clone();
    for beside in ["text", WAV_RATE] {
        parameters.remove(beside);
    }
    let job = Job {
        radio: radio.clone(),
        lock: Some(agent.config.lock_file(&radio.id)),
        challenge: task.name.clone(),
        title: Title::Assignment(task.assignment_id),
        frequency: task.frequency,
        modulation: task.modulation.clone(),
        parameters,
        source,
    };
    let note = |stage| {
        if agent.desk.note(task.assignment_id, stage) {
            // Whoever watches learns at once that the carrier is on.
            agent.heartbeat_now.notify_one();
        }
    };
    let first = standing.clone();
    tokio::select! {
        ended = transmit::watch(&agent.program, &job, agent.config.watchdog(), standing, note) => ended,
        verdict = never_renewed(first, lease) => over(verdict),
    }
}

async fn fetch(agent: &Agent, task: &Task) -> Result<(Source, Option<Held>), Verdict> {
    let Some(digest) = task.flag_hash else {
        let text = task.parameters.get("text").and_then(|text| text.as_str());
        let text = text.ok_or_else(|| Verdict::Failed("the task carries neither text nor a file".to_owned()))?;
        return Ok((Source::Text(text.to_owned()), None));
    };
    // The name that the organiser gave it may be part of the flag, and what goes wrong is told to more people.
    let name = format!("file {digest}");
    match agent.cache.fetch(&agent.api, digest).await {
        Ok(held) => Ok((Source::File { path: held.path().to_owned(), name }, Some(held))),
        Err(error) => Err(Verdict::Failed(format!("{name}: {error}"))),
    }
}

/// Returns when there is no use in going on.
async fn cut(mut standing: watch::Receiver<Standing>, lease: Duration) -> Verdict {
    let mut patience = lease;
    loop {
        match *standing.borrow_and_update() {
            Standing::Stop(reason) => return Verdict::Aborted(reason.to_owned()),
            Standing::Transmit(until) => patience = until.remaining(),
            Standing::Prepare => {}
        }
        match tokio::time::timeout(patience, standing.changed()).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => return Verdict::Aborted("the lease ran out before the carrier was on".to_owned()),
        }
    }
}

/// Returns when the first renewal has not come within the lease: the carrier never went on.
async fn never_renewed(mut standing: watch::Receiver<Standing>, lease: Duration) -> Verdict {
    let renewed = standing.wait_for(|standing| *standing != Standing::Prepare);
    if tokio::time::timeout(lease, renewed).await.is_ok() {
        return std::future::pending().await;
    }
    Verdict::Aborted("the lease ran out before it was renewed".to_owned())
}

fn failed(why: String) -> Ended {
    over(Verdict::Failed(why))
}

fn over(verdict: Verdict) -> Ended {
    Ended { verdict, started_at: None, ended_at: Timestamp::now() }
}
