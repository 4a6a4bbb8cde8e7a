//! The kinds of alarms.

/// The kind of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AlarmKind {
    /// A runner fell silent without signing out.
    RunnerSilent,
    /// Two copies of one runner are running.
    RunnerTwice,
    /// A runner key is used on another machine than its own.
    RunnerMoved,
    /// A radio fails, and its runner has taken it out.
    RadioFailed,
    /// No registered radio can send a challenge.
    ChallengeUnsendable,
    /// An emergency stop is in force and not yet in the database.
    StopUnrecorded,
    /// A backup was restored; no work is handed out until everything that was on air before is over.
    Restored,
    /// A team has submitted the flag that another team got.
    FlagShared,
    /// Instances of a challenge cannot be started, or break again and again.
    InstanceFailed,
    /// The time of day was set, or is behind the newest time in the database.
    Clock,
}

impl AlarmKind {
    /// All kinds.
    pub const ALL: [Self; 10] = [
        Self::RunnerSilent,
        Self::RunnerTwice,
        Self::RunnerMoved,
        Self::RadioFailed,
        Self::ChallengeUnsendable,
        Self::StopUnrecorded,
        Self::Restored,
        Self::FlagShared,
        Self::InstanceFailed,
        Self::Clock,
    ];

    /// Returns the API's name of the kind.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RunnerSilent => "runner_silent",
            Self::RunnerTwice => "runner_twice",
            Self::RunnerMoved => "runner_moved",
            Self::RadioFailed => "radio_failed",
            Self::ChallengeUnsendable => "challenge_unsendable",
            Self::StopUnrecorded => "stop_unrecorded",
            Self::Restored => "restored",
            Self::FlagShared => "flag_shared",
            Self::InstanceFailed => "instance_failed",
            Self::Clock => "clock",
        }
    }

    /// Returns the kind of this name; `None` if there is none.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}
