//! The state of a challenge: one answer for REST, events, metrics and first states alike.

use crate::store::challenges::Challenge;
use challengectl_common::Timestamp;

/// The state of an enabled challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChallengeState {
    /// It is not due yet.
    Waiting,
    /// It is due, and no radio has it.
    Queued,
    /// A radio has it.
    Assigned,
}

impl ChallengeState {
    /// Returns the state of a challenge that is assigned (`live`) or not, and due or not.
    #[must_use]
    pub const fn of(live: bool, due: bool) -> Self {
        match (live, due) {
            (true, _) => Self::Assigned,
            (false, true) => Self::Queued,
            (false, false) => Self::Waiting,
        }
    }

    /// Returns the word of the API.
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
    /// Returns its state.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> ChallengeState {
        ChallengeState::of(self.air.live, self.air.due_at <= now)
    }
}
