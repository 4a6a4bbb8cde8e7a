//! The liveness of a runner: one answer for REST, live events, metrics and initial states.

/// Whether a runner is online.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunnerStatus {
    /// Signed out, never registered, or not heard of for three heartbeats.
    Offline,
    /// Registered, and heard of since.
    Online,
}

impl RunnerStatus {
    /// Returns the API's name of the status.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Offline => "offline",
            Self::Online => "online",
        }
    }
}

/// Whether a runner is online, and whether it is busy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Liveness {
    /// Whether it is online.
    pub status: RunnerStatus,
    /// Whether it has an assignment that is not over. A runner that has fallen silent may still be on air.
    pub busy: bool,
}
