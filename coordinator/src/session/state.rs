//! How a session stands, and what changes that.

/// The state of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SessionState {
    /// It waits for an engine with room. It has no runner and no ports yet.
    Queued,
    /// Its runner is starting it.
    Starting,
    /// It runs.
    Running,
    /// Its runner is silent. It keeps its ports, and its owner.
    Lost,
    /// Its runner has to remove it.
    Stopping,
    /// It is removed.
    Stopped,
    /// It could not be started, or ended by itself, and nothing of it is left.
    Failed,
}

/// What happens to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happening {
    /// It gets an engine that has room.
    IsPlaced,
    /// It has waited for an engine as long as it may.
    HasWaited,
    /// Its runner says that it runs.
    Runs,
    /// Its runner says that it failed, and it is started again.
    BreaksAndIsRetried,
    /// Its runner says that it failed, for good.
    Breaks,
    /// Its runner says that it does not run yet, or no longer, and tries on; or it is to run in another way.
    Waits,
    /// It is to be stopped: by its owner, an operator, the end of its life.
    IsToStop,
    /// Its runner says that nothing of it is left.
    IsRemoved,
    /// Its runner has fallen silent.
    IsSilent,
    /// Its runner was removed from the event, and will never report.
    IsAbandoned,
}

impl SessionState {
    const ALL: [Self; 7] =
        [Self::Queued, Self::Starting, Self::Running, Self::Lost, Self::Stopping, Self::Stopped, Self::Failed];

    /// Returns the state after something happened; `None` if that changes nothing.
    #[must_use]
    pub fn after(self, happening: Happening) -> Option<Self> {
        let next = match (self, happening) {
            (Self::Stopped | Self::Failed, _) => return None,
            (Self::Queued, Happening::IsPlaced) => Self::Starting,
            (Self::Queued, Happening::HasWaited) => Self::Failed,
            // No runner has anything of it.
            (Self::Queued, Happening::IsToStop) => Self::Stopped,
            (Self::Queued, _) | (_, Happening::IsPlaced | Happening::HasWaited) => return None,
            (_, Happening::IsAbandoned) => Self::Failed,
            // A stop wins over whatever a slow start brings up.
            (Self::Stopping, Happening::IsRemoved | Happening::Breaks | Happening::BreaksAndIsRetried) => Self::Stopped,
            (Self::Stopping, _) => return None,
            (_, Happening::Runs) => Self::Running,
            (_, Happening::BreaksAndIsRetried | Happening::Waits) => Self::Starting,
            // Also if its engine lost it while nobody had asked for its end.
            (_, Happening::Breaks | Happening::IsRemoved) => Self::Failed,
            (_, Happening::IsToStop) => Self::Stopping,
            (Self::Running, Happening::IsSilent) => Self::Lost,
            (Self::Starting | Self::Lost, Happening::IsSilent) => return None,
        };
        (next != self).then_some(next)
    }

    /// Returns whether its owner has it: it counts for quotas, and is shown.
    #[must_use]
    pub fn is_live(self) -> bool {
        matches!(self, Self::Queued | Self::Starting | Self::Running | Self::Lost)
    }

    /// Returns whether nothing of it is left.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Self::Stopped | Self::Failed)
    }

    /// Its name, in the database and in metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Lost => "lost",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Happening::{
        Breaks, BreaksAndIsRetried, HasWaited, IsAbandoned, IsPlaced, IsRemoved, IsSilent, IsToStop, Runs, Waits,
    };
    use proptest::prelude::*;

    fn happening() -> impl Strategy<Value = Happening> {
        let ends = [HasWaited, BreaksAndIsRetried, Breaks, IsToStop, IsRemoved, IsSilent, IsAbandoned];
        proptest::sample::select([&[IsPlaced, Runs, Waits], &ends[..]].concat())
    }

    proptest! {
        #[test]
        fn nothing_runs_without_an_engine(all in proptest::collection::vec(happening(), 0..40)) {
            let (mut state, mut is_placed) = (SessionState::Queued, false);
            for happening in all {
                is_placed |= state == SessionState::Queued && happening == IsPlaced;
                state = state.after(happening).unwrap_or(state);
                prop_assert!(is_placed || [SessionState::Queued, SessionState::Stopped, SessionState::Failed].contains(&state));
            }
        }

        #[test]
        fn a_session_that_is_to_stop_is_never_live_again(all in proptest::collection::vec(happening(), 0..40)) {
            let (mut state, mut stopped) = (SessionState::Queued, false);
            for happening in all {
                let next = state.after(happening);
                prop_assert_ne!(next, Some(state), "a change that changes nothing");
                prop_assert!(!state.is_over() || next.is_none(), "{:?} has ended", state);
                stopped |= happening == IsToStop;
                state = next.unwrap_or(state);
                prop_assert!(!(stopped && state.is_live()), "{:?} after a stop", state);
            }
        }

        #[test]
        fn whatever_happened_before_a_stop_and_a_removal_end_it(all in proptest::collection::vec(happening(), 0..40)) {
            let mut state = SessionState::Queued;
            for happening in all.into_iter().chain([IsToStop, IsRemoved]) {
                state = state.after(happening).unwrap_or(state);
            }
            prop_assert!(state.is_over());
        }
    }
}
