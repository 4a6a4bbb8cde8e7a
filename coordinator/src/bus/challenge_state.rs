//! The state of a challenge: one answer for REST, live events, metrics and initial states.

use crate::store::challenges::Challenge;
use challengectl_common::Timestamp;

/// The state of an enabled challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChallengeState {
    /// It is not due yet.
    Waiting,
    /// It is due, and not assigned to a radio.
    Queued,
    /// It is assigned to a radio.
    Assigned,
}

impl ChallengeState {
    /// Returns the state of a challenge from whether it is assigned (`live`) and whether it is due.
    #[must_use]
    pub const fn of(live: bool, due: bool) -> Self {
        match (live, due) {
            (true, _) => Self::Assigned,
            (false, true) => Self::Queued,
            (false, false) => Self::Waiting,
        }
    }

    /// Returns the API's name of the state.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Queued => "queued",
            Self::Assigned => "assigned",
        }
    }
}

impl Challenge {
    /// Returns the state of the challenge.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> ChallengeState {
        ChallengeState::of(self.air.live, self.air.due_at <= now)
    }
}
