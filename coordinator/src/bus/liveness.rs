//! Whether a runner is there, and at work: one answer for REST, events, metrics and first states alike.

/// Whether a runner is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunnerStatus {
    /// Signed out, never registered, or not heard of for three heartbeats.
    Offline,
    /// Registered, and heard of since.
    Online,
}

impl RunnerStatus {
    /// The word of the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Offline => "offline",
            Self::Online => "online",
        }
    }
}

/// Whether a runner is there, and at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Liveness {
    /// Whether it is there.
    pub status: RunnerStatus,
    /// Whether it has an assignment that is not over. One that has fallen silent may still be on air.
    pub busy: bool,
}
