//! How an instance, and a challenge, stands: decided here for all who show it.

use crate::session::SessionState;
use crate::store::deployments::slots::Slot;

/// The status of an instance or a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// It was not deployed yet, or nothing has begun to build it.
    Pending,
    /// It is being built, or replaced.
    Deploying,
    /// It runs; its runner may be silent.
    Running,
    /// It is being stopped or removed.
    Stopping,
    /// None of its containers runs, as ordered.
    Stopped,
    /// It does not run; the cluster goes on trying.
    Failed,
}

impl Status {
    /// Returns that of an instance. `is_heard`: its runner is online.
    pub(super) fn of(slot: &Slot, session: SessionState, is_heard: bool) -> Self {
        match session {
            _ if slot.wanted && session == SessionState::Stopping => Self::Deploying,
            _ if !slot.wanted => Self::Stopping,
            SessionState::Running | SessionState::Queued if slot.paused => Self::Stopped,
            _ if slot.paused => Self::Stopping,
            SessionState::Running | SessionState::Lost => Self::Running,
            SessionState::Starting if slot.message.is_some() => Self::Failed,
            SessionState::Starting if is_heard => Self::Deploying,
            SessionState::Starting | SessionState::Queued => Self::Pending,
            // It gets another session at once.
            SessionState::Stopping | SessionState::Stopped | SessionState::Failed => Self::Deploying,
        }
    }

    /// Returns that of a challenge with these instances.
    pub(super) fn of_all(was_deployed: bool, all: &[Self]) -> Self {
        let has = |status: Self| all.contains(&status);
        match () {
            () if has(Self::Pending) || has(Self::Deploying) => Self::Deploying,
            () if has(Self::Stopping) => Self::Stopping,
            () if has(Self::Failed) => Self::Failed,
            () if has(Self::Running) => Self::Running,
            () if was_deployed => Self::Stopped,
            () => Self::Pending,
        }
    }
}

/// What was ordered of an instance; its status follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Desired {
    /// It runs.
    Running,
    /// None of its containers runs; its address stays.
    Stopped,
    /// Nothing is left of it.
    Removed,
}

impl Desired {
    pub(super) fn of(slot: &Slot) -> Self {
        match (slot.wanted, slot.paused) {
            (false, _) => Self::Removed,
            (true, true) => Self::Stopped,
            (true, false) => Self::Running,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Status::{self, Deploying, Failed, Pending, Running, Stopped, Stopping};

    #[test]
    fn a_challenge_is_as_its_least_ready_instance() {
        for (was_deployed, all, status) in [
            (false, &[][..], Pending),
            (true, &[], Stopped),
            (true, &[Running, Pending, Failed], Deploying),
            (true, &[Failed, Deploying], Deploying),
            (true, &[Running, Failed, Stopping], Stopping),
            (true, &[Running, Failed, Stopped], Failed),
            (true, &[Running, Stopped], Running),
            (true, &[Stopped, Stopped], Stopped),
        ] {
            assert_eq!(Status::of_all(was_deployed, all), status, "{all:?}");
        }
    }
}
