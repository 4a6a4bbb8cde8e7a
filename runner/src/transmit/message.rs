//! The messages between parent and child.

use crate::config::RadioConfig;
use crate::process::clock::Deadline;
use crate::radio::RecordingName;
use challengectl_common::{ChallengeName, Frequency, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::path::PathBuf;

/// The first message to the child: everything it needs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Job {
    pub radio: RadioConfig,
    /// Held locked while the radio is in use, so that no two processes use it.
    pub lock: Option<PathBuf>,
    pub challenge: ChallengeName,
    /// The name of a recording, if the radio makes one.
    pub recording: RecordingName,
    /// The nominal frequency, whatever the radio is tuned to.
    pub frequency: Frequency,
    /// The name of a registered modulation.
    pub modulation: String,
    pub parameters: Map<String, Value>,
    pub payload: Payload,
}

/// What a transmission carries.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payload {
    Text(String),
    File {
        path: PathBuf,
        /// Its name in messages; not the path, which may say more than people are to know.
        name: String,
    },
}

/// The messages that follow.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Order {
    /// About the job at hand.
    Control(Control),
    /// The next job, for a child that has ended one and is kept.
    Next(Box<Job>),
}

/// What is ordered of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Control {
    /// The carrier may be on until then; the first of these turns it on.
    Lease(Deadline),
    /// The carrier must go off now.
    Stop,
}

/// Messages from the child. While it lives it sends one at least every quarter of a second, save while it builds the
/// waveform and opens the radio.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChildMessage {
    Waiting,
    /// Everything is in place; the carrier can go on.
    Ready(Length),
    /// The carrier went on.
    OnAir(Timestamp),
    /// Samples on air so far.
    Progress(u64),
    /// The carrier is off, and this is the last message of this job.
    Ended(End),
}

/// The length of a transmission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Length {
    pub samples: u64,
    /// Samples per second.
    pub sample_rate: u64,
}

/// How a transmission ended, as the child tells it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct End {
    /// When the carrier was off.
    pub at: Timestamp,
    /// Samples that were on air.
    pub samples: u64,
    pub cause: Cause,
    /// How often the radio ran dry.
    #[serde(default)]
    pub underruns: u64,
    /// The device stays open and silent, and the child waits for the next job.
    #[serde(default)]
    pub kept: bool,
}

/// Why a transmission ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// All of it was on air.
    Done,
    /// The parent ordered it.
    Stopped,
    /// The parent went away.
    Orphaned,
    /// The lease ran out.
    LeaseOver,
    /// The child got a signal to end.
    Terminated,
    /// What was to be sent cannot be sent.
    Failed(String),
    /// The radio failed.
    Radio(String),
}

impl Cause {
    pub(super) fn failed(error: impl std::fmt::Display) -> Self {
        Self::Failed(error.to_string())
    }
}
