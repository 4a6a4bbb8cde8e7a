//! What may be on air, how far a transmission is, and how it ended: what the parent's callers say and learn.

use super::message::Length;
use crate::process::clock::Deadline;
use challengectl_common::Timestamp;

/// What may be on air.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing yet.
    Prepare,
    /// The transmission, until then.
    Transmit(Deadline),
    /// Nothing any more, for this reason.
    Stop(&'static str),
}

/// How far a transmission is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Stage {
    /// Everything is in place for it to go on air.
    Ready,
    OnAir {
        /// Samples so far.
        samples: u64,
        /// Samples in all, and their rate.
        length: Length,
    },
}

/// How a transmission ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    pub verdict: Verdict,
    /// When the carrier went on, if it did.
    pub started_at: Option<Timestamp>,
    /// When the carrier was off again.
    pub ended_at: Timestamp,
    /// Whether the station has identified itself at the end.
    pub identified: bool,
}

impl Ended {
    /// Ends a transmission now that was never on air.
    pub(crate) fn off_air(verdict: Verdict) -> Self {
        Self { verdict, started_at: None, ended_at: Timestamp::now(), identified: false }
    }
}

/// Whether a transmission ended well; if not, why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// All of it was on air.
    Success,
    Failed(String),
    /// It was cut.
    Aborted(String),
}
