//! Delivers reports. Those of a session with a newer one are dropped; after a restart all are made anew.

use super::super::Agent;
use crate::api::backoff::Backoff;
use challengectl_common::wire::instances::{InstanceReport, InstanceReports};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::Notify;
use tokio::time::sleep;

/// Reports of one request.
const BATCH: usize = 200;

/// The reports that wait, by session.
#[derive(Default)]
pub(super) struct Outbox {
    waiting: Mutex<BTreeMap<i64, InstanceReport>>,
    news: Notify,
}

impl Outbox {
    pub(super) fn put(&self, report: InstanceReport) {
        self.waiting.lock().insert(report.session_id, report);
        self.news.notify_one();
    }

    fn next(&self) -> Vec<InstanceReport> {
        self.waiting.lock().values().take(BATCH).cloned().collect()
    }

    /// Removes reports that were delivered, unless there is a newer one.
    fn delivered(&self, reports: &[InstanceReport]) {
        let mut waiting = self.waiting.lock();
        for report in reports {
            if waiting.get(&report.session_id) == Some(report) {
                waiting.remove(&report.session_id);
            }
        }
    }
}

pub(super) async fn run(agent: Arc<Agent>) {
    let mut backoff = Backoff::new();
    loop {
        let reports = agent.instances.outbox.next();
        if reports.is_empty() {
            agent.instances.outbox.news.notified().await;
            continue;
        }
        agent.linked().await;
        match agent.api.instances(&InstanceReports { reports: reports.clone() }).await {
            Ok(_) => {
                backoff.reset();
                agent.instances.outbox.delivered(&reports);
            }
            Err(error) => {
                if !error.may_pass() && backoff.is_fresh() {
                    tracing::warn!("reporting instances: {error}");
                }
                sleep(backoff.next()).await;
            }
        }
    }
}
