//! The liveness of a runner, decided here for REST, live events, metrics and initial states.

use crate::air::Air;
use crate::bus::liveness::{Liveness, RunnerStatus};
use challengectl_common::RunnerId;

impl Air {
    /// Returns whether a runner is online, and whether it is busy.
    #[must_use]
    pub fn liveness(&self, runner: &RunnerId) -> Liveness {
        let online = self.fleet.presence.last_sign(runner).is_some_and(|sign| !self.fleet.is_silent(sign));
        let status = if online { RunnerStatus::Online } else { RunnerStatus::Offline };
        Liveness { status, busy: self.leases.any_of(runner) }
    }

    /// Publishes the liveness of a runner after something that may have changed it.
    pub(crate) fn publish_liveness(&self, runner: &RunnerId) {
        self.context.events.publish_liveness(runner, || self.liveness(runner), self.context.clock.now());
    }

    /// Publishes the changes that come with time alone: runners that have fallen silent, and those that are heard of
    /// again.
    pub(crate) fn publish_silent(&self) {
        for runner in self.fleet.presence.take_turned(|sign| self.fleet.is_silent(sign)) {
            self.publish_liveness(&runner);
        }
    }
}
