//! Standing, stage and end of a transmission: what callers of the parent's side set and get.

use super::message::Length;
use crate::process::clock::Deadline;
use challengectl_common::Timestamp;

/// Whether a transmission may be on air.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Not yet.
    Prepare,
    /// Until this deadline.
    Transmit(Deadline),
    /// Not any more, for this reason.
    Stop(&'static str),
}

/// The stage of a transmission.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Stage {
    /// It can go on air.
    Ready,
    OnAir {
        /// The number of samples so far.
        samples: u64,
        /// The total number of samples, and their rate.
        length: Length,
    },
}

/// How a transmission ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    pub verdict: Verdict,
    /// When the carrier went on, if it did.
    pub started_at: Option<Timestamp>,
    /// When the carrier went off.
    pub ended_at: Timestamp,
    /// Whether the station has identified itself at the end.
    pub identified: bool,
    /// How often the radio ran dry meanwhile.
    pub underruns: u64,
}

impl Ended {
    /// Returns the end, now, of a transmission that was never on air.
    pub(crate) fn off_air(verdict: Verdict) -> Self {
        Self { verdict, started_at: None, ended_at: Timestamp::now(), identified: false, underruns: 0 }
    }
}

/// Whether a transmission succeeded; if not, why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The whole signal was on air.
    Success,
    /// What was to be sent could not be sent.
    Failed(String),
    /// The radio failed, or the process that had it.
    RadioFailed(String),
    /// It was cut.
    Aborted(String),
}

impl Verdict {
    /// Adds to the reason.
    pub(super) fn with(self, more: &str) -> Self {
        let add = |why: String| format!("{why}; {more}");
        match self {
            Self::Success => Self::RadioFailed(more.to_owned()),
            Self::Failed(why) | Self::RadioFailed(why) => Self::RadioFailed(add(why)),
            Self::Aborted(why) => Self::Aborted(add(why)),
        }
    }
}
