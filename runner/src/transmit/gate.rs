//! Whether the carrier may be on: asked by the thread that sends samples, answered by the one that listens.

use super::clock::Deadline;
use super::message::{Cause, Control};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

#[derive(Default)]
pub(super) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    lease: Option<Deadline>,
    closed: Option<Cause>,
    carrier: bool,
}

impl Gate {
    pub(super) fn obey(&self, control: Control) {
        match control {
            Control::Lease(until) => self.state().lease = Some(until),
            Control::Stop => self.close(Cause::Stopped),
        }
        self.changed.notify_all();
    }

    /// For good; the first cause counts.
    pub(super) fn close(&self, cause: Cause) {
        self.state().closed.get_or_insert(cause);
        self.changed.notify_all();
    }

    /// Whether the carrier may be on or go on.
    pub(super) fn check(&self) -> Result<(), Cause> {
        match self.state().verdict() {
            Verdict::Open => Ok(()),
            Verdict::Closed(cause) => Err(cause),
            Verdict::NotYet => Err(Cause::LeaseOver),
        }
    }

    /// Returns when the carrier may go on; calls `waiting` every `tick` until then.
    pub(super) fn wait(&self, tick: Duration, mut waiting: impl FnMut()) -> Result<(), Cause> {
        let mut state = self.state();
        loop {
            match state.verdict() {
                Verdict::Open => return Ok(()),
                Verdict::Closed(cause) => return Err(cause),
                Verdict::NotYet => {}
            }
            let (guard, timeout) = self.changed.wait_timeout(state, tick).unwrap_or_else(PoisonError::into_inner);
            state = guard;
            if timeout.timed_out() {
                waiting();
            }
        }
    }

    pub(super) fn set_carrier(&self, on: bool) {
        self.state().carrier = on;
    }

    /// The carrier is on though it must not be.
    pub(super) fn is_defied(&self) -> bool {
        let state = self.state();
        state.carrier && !matches!(state.verdict(), Verdict::Open)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A thread that panicked while it held the lock left nothing half done: every change is one assignment.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Verdict {
    NotYet,
    Open,
    Closed(Cause),
}

impl State {
    fn verdict(&self) -> Verdict {
        match (&self.closed, self.lease) {
            (Some(cause), _) => Verdict::Closed(cause.clone()),
            (None, None) => Verdict::NotYet,
            (None, Some(until)) if until.is_over() => Verdict::Closed(Cause::LeaseOver),
            (None, Some(_)) => Verdict::Open,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::clock::Moment;
    use super::*;

    #[test]
    fn without_a_lease_the_carrier_stays_off() {
        assert_eq!(Gate::default().check(), Err(Cause::LeaseOver));
    }

    #[test]
    fn a_lease_that_is_over_closes_the_gate_and_a_new_one_opens_it() {
        let gate = Gate::default();
        gate.obey(Control::Lease(Moment::now().lasting(Duration::ZERO)));
        assert_eq!(gate.check(), Err(Cause::LeaseOver));
        gate.obey(Control::Lease(Deadline::NEVER));
        assert_eq!(gate.check(), Ok(()));
    }

    #[test]
    fn after_a_stop_no_lease_opens_the_gate() {
        let gate = Gate::default();
        gate.obey(Control::Stop);
        gate.obey(Control::Lease(Deadline::NEVER));
        assert_eq!(gate.check(), Err(Cause::Stopped));
        gate.close(Cause::Orphaned);
        assert_eq!(gate.wait(Duration::from_secs(9), || ()), Err(Cause::Stopped));
    }
}
