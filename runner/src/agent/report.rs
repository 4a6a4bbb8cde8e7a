//! Reports to the server how assignments ended, repeatedly until it answers.

use super::Agent;
use super::ledger::{Entry, Ledger, Report};
use crate::api::backoff::Backoff;
use crate::process::lock;
use challengectl_common::Timestamp;
use challengectl_common::wire::Outcome;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

pub(super) async fn run(agent: Arc<Agent>) {
    let mut backoff = Backoff::new();
    loop {
        agent.linked().await;
        if deliver(&agent).await {
            backoff.reset();
            agent.report_now.notified().await;
            continue;
        }
        tokio::select! {
            () = agent.report_now.notified() => {}
            () = sleep(backoff.next()) => {}
        }
    }
}

/// Delivers the pending reports. Returns whether the server has answered all of them.
pub(super) async fn deliver(agent: &Agent) -> bool {
    let mut all = true;
    for entry in agent.ledger.ended() {
        let delivered = deliver_one(agent, &entry).await;
        all &= delivered;
        if delivered && let Err(error) = agent.ledger.delete(entry.assignment_id) {
            tracing::warn!("assignment {}: its file cannot be deleted: {error}", entry.assignment_id);
        }
    }
    all
}

async fn deliver_one(agent: &Agent, entry: &Entry) -> bool {
    let Some(message) = entry.message() else { return true };
    match agent.api.complete(&message).await {
        Ok(_) => true,
        Err(error) if error.is_conflict() => {
            tracing::warn!("assignment {}: the report was too late: {error}", entry.assignment_id);
            true
        }
        Err(error) if error.is_about_the_request() => {
            // Repeating an invalid request does not help; the lease runs out on the server.
            tracing::error!("assignment {}: the server refuses the report: {error}", entry.assignment_id);
            true
        }
        Err(error) => {
            tracing::debug!("assignment {}: the report is not delivered yet: {error}", entry.assignment_id);
            false
        }
    }
}

/// Reports as failed the assignments that were active when the last process was killed; each only after the process of
/// its radio has ended, since until then it may be on air.
pub(super) fn settle_unfinished(agent: &Arc<Agent>) {
    for entry in agent.ledger.unfinished() {
        let file = agent.config.lock_file(&entry.radio_id);
        if !lock::is_taken(&file) {
            settle(agent, entry);
            continue;
        }
        let agent = Arc::clone(agent);
        tokio::spawn(async move {
            while lock::is_taken(&file) {
                sleep(Duration::from_millis(100)).await;
            }
            settle(&agent, entry);
        });
    }
}

/// Deletes the unfinished entries of a copied state folder without reports. The original process may still work on the
/// assignments, so only it may end them, or their leases.
pub(super) fn disown_unfinished(ledger: &Ledger) -> anyhow::Result<()> {
    for entry in ledger.unfinished() {
        tracing::warn!(
            "assignment {}: not reported, since this state folder is a copy, or the machine was restarted; its \
             challenge is free again when the lease is over",
            entry.assignment_id
        );
        ledger.delete(entry.assignment_id)?;
    }
    Ok(())
}

fn settle(agent: &Agent, entry: Entry) {
    let report = Report {
        status: Outcome::Failed,
        error: Some("the runner was restarted during the transmission".to_owned()),
        started_at: None,
        ended_at: Timestamp::now(),
        underruns: 0,
    };
    let assignment = entry.assignment_id;
    if let Err(error) = agent.ledger.record(Entry { report: Some(report), ..entry }) {
        tracing::error!("assignment {assignment}: its report cannot be stored: {error}");
    }
    agent.report_now.notify_one();
}
