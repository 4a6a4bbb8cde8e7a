//! Whether a runner is there, and at work: decided here for REST, events, metrics and first states alike.

use crate::Coordinator;
use crate::clock::Moment;
use challengectl_common::RunnerId;
use serde::Serialize;
use std::time::Duration;

/// Heartbeats that may be missed in a row before a runner counts as offline.
const MAX_MISSED_HEARTBEATS: u32 = 3;

/// Whether a runner is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RunnerStatus {
    /// Signed out, never registered, or not heard of for three heartbeats.
    Offline,
    /// Registered, and heard of since.
    Online,
}

impl RunnerStatus {
    /// The word of the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Offline => "offline",
            Self::Online => "online",
        }
    }
}

/// Whether a runner is there, and at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Liveness {
    /// Whether it is there.
    pub status: RunnerStatus,
    /// Whether it has an assignment that is not over. One that has fallen silent may still be on air.
    pub busy: bool,
}

impl Coordinator {
    /// Whether a runner is there, and at work.
    #[must_use]
    pub fn liveness(&self, runner: &RunnerId) -> Liveness {
        let there = self.fleet.last_sign(runner).is_some_and(|sign| !self.is_silent(sign));
        let status = if there { RunnerStatus::Online } else { RunnerStatus::Offline };
        Liveness { status, busy: self.leases.any_of(runner) }
    }

    pub(crate) fn is_silent(&self, sign: Moment) -> bool {
        sign.after(self.silence()) < self.clock.instant()
    }

    pub(crate) fn silence(&self) -> Duration {
        self.rules.heartbeat_interval * MAX_MISSED_HEARTBEATS
    }

    /// Publishes the liveness of a runner after something that may have changed it.
    pub(crate) fn publish_liveness(&self, runner: &RunnerId) {
        self.events.publish_liveness(runner, || self.liveness(runner), self.clock.now());
    }

    /// Publishes what time alone has changed: runners that have fallen silent. Those that are heard of again, too.
    pub(crate) fn publish_silent(&self) {
        for runner in self.fleet.take_turned(|sign| self.is_silent(sign)) {
            self.publish_liveness(&runner);
        }
    }
}
