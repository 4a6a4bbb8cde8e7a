//! The kinds of alarms.

/// What an alarm is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AlarmKind {
    /// A runner that has not signed out is not heard of.
    RunnerSilent,
    /// Two copies of one runner are at work.
    RunnerTwice,
    /// A runner's key is used on another machine.
    RunnerMoved,
    /// No registered radio can send a challenge.
    ChallengeUnsendable,
    /// An emergency stop is in force that the database does not hold.
    StopUnrecorded,
    /// A backup was restored, and nothing is handed out until what was on air before is over.
    Restored,
    /// The time of day was set, or is behind what the database knows.
    Clock,
}

impl AlarmKind {
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self::RunnerSilent,
        Self::RunnerTwice,
        Self::RunnerMoved,
        Self::ChallengeUnsendable,
        Self::StopUnrecorded,
        Self::Restored,
        Self::Clock,
    ];

    /// The word of the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RunnerSilent => "runner_silent",
            Self::RunnerTwice => "runner_twice",
            Self::RunnerMoved => "runner_moved",
            Self::ChallengeUnsendable => "challenge_unsendable",
            Self::StopUnrecorded => "stop_unrecorded",
            Self::Restored => "restored",
            Self::Clock => "clock",
        }
    }
}
