//! Counters of sessions. In memory: history may be forgotten, and a counter must not decrease.

use super::Session;
use crate::session::SessionState;
use parking_lot::Mutex;
use prometheus_client::metrics::histogram::Histogram;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// The upper bounds of the times of starts, in seconds.
const BUCKETS: [f64; 9] = [0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 180.0];

/// What has become of sessions since the server started.
#[derive(Debug)]
pub struct Tally {
    /// From the request until it runs, in seconds.
    pub starts: Histogram,
    /// Files that were sent with sessions, and their bytes.
    pub uploads: Uploads,
    ended: Mutex<BTreeMap<(String, String), u64>>,
}

/// Files that owners have sent with their sessions.
#[derive(Debug, Default)]
pub struct Uploads {
    /// How many.
    pub files: AtomicU64,
    /// What they have together.
    pub bytes: AtomicU64,
}

impl Uploads {
    /// Counts a file of so many bytes.
    pub fn count(&self, bytes: u64) {
        self.files.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl Default for Tally {
    fn default() -> Self {
        Self { starts: Histogram::new(BUCKETS), uploads: Uploads::default(), ended: Mutex::default() }
    }
}

impl Tally {
    /// Counts what a committed change of a session has brought: its first running, or its end.
    pub(super) fn count(&self, before: &Session, after: &Session) {
        // Nobody waits for a warm one.
        if let (None, Some(running_at), false) = (before.running_at, after.running_at, after.owner.is_warm()) {
            self.starts.observe(running_at.since(after.requested_at).as_secs_f64());
        }
        let ends = |state: SessionState| state.is_over();
        if ends(after.state) && !ends(before.state) {
            let outcome = after.outcome.clone().unwrap_or_default();
            *self.ended.lock().entry((after.front.clone(), outcome)).or_default() += 1;
        }
    }

    /// Returns the number of sessions that have ended, by front and outcome.
    #[must_use]
    pub fn ended(&self) -> Vec<(String, String, u64)> {
        let ended = self.ended.lock();
        ended.iter().map(|((front, outcome), count)| (front.clone(), outcome.clone(), *count)).collect()
    }
}
