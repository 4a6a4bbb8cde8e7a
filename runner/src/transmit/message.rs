//! What parent and child tell each other, one JSON value a line.

use super::clock::Deadline;
use crate::config::RadioConfig;
use crate::radio::Title;
use challengectl_common::{ChallengeName, Frequency, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::path::PathBuf;

/// The first line to the child: everything it needs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Job {
    /// The radio.
    pub radio: RadioConfig,
    /// Held locked while the radio is in use, so that no two processes have it.
    pub lock: Option<PathBuf>,
    /// What goes on air.
    pub challenge: ChallengeName,
    /// How a recording of it is to be named.
    pub title: Title,
    /// Where.
    pub frequency: Frequency,
    /// The name of a registered modulation.
    pub modulation: String,
    /// Its parameters.
    pub parameters: Map<String, Value>,
    /// What it carries.
    pub source: Source,
}

/// What a transmission carries.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Source {
    Text(String),
    File {
        path: PathBuf,
        /// What people call it.
        name: String,
    },
}

/// The other lines to the child.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Control {
    /// The carrier may be on until then; the first of these turns it on.
    Lease(Deadline),
    /// Off, at once.
    Stop,
}

/// Lines from the child. While it lives there is one at least every quarter of a second, save while it builds the
/// waveform and opens the radio.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// It waits.
    Waiting,
    /// Everything is in place; the carrier can go on.
    Ready(Length),
    /// The carrier went on.
    OnAir(Timestamp),
    /// Samples on air so far.
    Progress(u64),
    /// The carrier is off, and this was the last line.
    Ended(End),
}

/// How long a transmission is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Length {
    /// Samples.
    pub samples: u64,
    /// Samples per second.
    pub sample_rate: u64,
}

/// How a transmission ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct End {
    /// When.
    pub at: Timestamp,
    /// Samples that were on air.
    pub samples: u64,
    /// Why.
    pub cause: Cause,
}

/// Why a transmission ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// All of it was on air.
    Done,
    /// The parent said so.
    Stopped,
    /// The parent went away.
    Orphaned,
    /// The lease ran out.
    LeaseOver,
    /// Something went wrong.
    Failed(String),
}
