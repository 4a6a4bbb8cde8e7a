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
}

impl Ended {
    /// Returns the end, now, of a transmission that was never on air.
    pub(crate) fn off_air(verdict: Verdict) -> Self {
        Self { verdict, started_at: None, ended_at: Timestamp::now() }
    }
}

/// Whether a transmission succeeded; if not, why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The whole signal was on air.
    Success,
    Failed(String),
    /// It was cut.
    Aborted(String),
}
