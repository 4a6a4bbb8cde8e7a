//! The carrier permit: whether the carrier may be on. The thread that reads the parent's messages grants and revokes
//! it; the thread that moves samples checks it before each block.

use super::message::{Cause, Control};
use crate::process::clock::Deadline;
use parking_lot::{Condvar, Mutex};
use std::time::Duration;

#[derive(Default)]
pub(super) struct CarrierPermit {
    state: Mutex<State>,
    /// Notified at each change of the state.
    changed: Condvar,
}

#[derive(Default)]
struct State {
    lease: Option<Deadline>,
    /// Why the carrier may never be on again.
    revoked: Option<Cause>,
    /// Whether the carrier is on.
    carrier: bool,
}

impl CarrierPermit {
    pub(super) fn obey(&self, control: Control) {
        match control {
            Control::Lease(until) => self.state.lock().lease = Some(until),
            Control::Stop => self.revoke(Cause::Stopped),
        }
        self.changed.notify_all();
    }

    /// Revokes the permit for good. The first cause is kept.
    pub(super) fn revoke(&self, cause: Cause) {
        self.state.lock().revoked.get_or_insert(cause);
        self.changed.notify_all();
    }

    /// Returns whether the carrier may be on; if not, why.
    pub(super) fn check(&self) -> Result<(), Cause> {
        match self.state.lock().verdict() {
            Verdict::Granted => Ok(()),
            Verdict::Revoked(cause) => Err(cause),
            Verdict::NotYet => Err(Cause::LeaseOver),
        }
    }

    /// Waits until the carrier may go on, and calls `waiting` every `tick` until then.
    pub(super) fn wait(&self, tick: Duration, mut waiting: impl FnMut()) -> Result<(), Cause> {
        let mut state = self.state.lock();
        loop {
            match state.verdict() {
                Verdict::Granted => return Ok(()),
                Verdict::Revoked(cause) => return Err(cause),
                Verdict::NotYet => {}
            }
            if self.changed.wait_for(&mut state, tick).timed_out() {
                waiting();
            }
        }
    }

    pub(super) fn set_carrier(&self, on: bool) {
        self.state.lock().carrier = on;
    }

    /// Returns whether the carrier is on though it must not be.
    pub(super) fn is_violated(&self) -> bool {
        let state = self.state.lock();
        state.carrier && !matches!(state.verdict(), Verdict::Granted)
    }
}

enum Verdict {
    NotYet,
    Granted,
    Revoked(Cause),
}

impl State {
    fn verdict(&self) -> Verdict {
        match (&self.revoked, self.lease) {
            (Some(cause), _) => Verdict::Revoked(cause.clone()),
            (None, None) => Verdict::NotYet,
            (None, Some(until)) if until.is_over() => Verdict::Revoked(Cause::LeaseOver),
            (None, Some(_)) => Verdict::Granted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::clock::Moment;

    #[test]
    fn without_a_lease_the_carrier_stays_off() {
        assert_eq!(CarrierPermit::default().check(), Err(Cause::LeaseOver));
    }

    #[test]
    fn a_lease_that_is_over_revokes_the_permit_and_a_new_one_grants_it() {
        let permit = CarrierPermit::default();
        permit.obey(Control::Lease(Moment::now().lasting(Duration::ZERO)));
        assert_eq!(permit.check(), Err(Cause::LeaseOver));
        permit.obey(Control::Lease(Deadline::NEVER));
        assert_eq!(permit.check(), Ok(()));
    }

    #[test]
    fn after_a_stop_no_lease_grants_the_permit() {
        let permit = CarrierPermit::default();
        permit.obey(Control::Stop);
        permit.obey(Control::Lease(Deadline::NEVER));
        assert_eq!(permit.check(), Err(Cause::Stopped));
        permit.revoke(Cause::Orphaned);
        assert_eq!(permit.wait(Duration::from_secs(9), || ()), Err(Cause::Stopped));
    }
}
