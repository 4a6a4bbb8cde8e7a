//! Whether a runner is there, and at work: decided here for REST, events, metrics and first states alike.

use crate::air::Air;
use crate::bus::liveness::{Liveness, RunnerStatus};
use challengectl_common::RunnerId;

impl Air {
    /// Whether a runner is there, and at work.
    #[must_use]
    pub fn liveness(&self, runner: &RunnerId) -> Liveness {
        let there = self.fleet.presence.last_sign(runner).is_some_and(|sign| !self.fleet.is_silent(sign));
        let status = if there { RunnerStatus::Online } else { RunnerStatus::Offline };
        Liveness { status, busy: self.leases.any_of(runner) }
    }

    /// Publishes the liveness of a runner after something that may have changed it.
    pub(crate) fn publish_liveness(&self, runner: &RunnerId) {
        self.context.events.publish_liveness(runner, || self.liveness(runner), self.context.clock.now());
    }

    /// Publishes what time alone has changed: runners that have fallen silent. Those that are heard of again, too.
    pub(crate) fn publish_silent(&self) {
        for runner in self.fleet.presence.take_turned(|sign| self.fleet.is_silent(sign)) {
            self.publish_liveness(&runner);
        }
    }
}
