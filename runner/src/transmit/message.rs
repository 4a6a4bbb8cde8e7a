//! The messages between parent and child.

use crate::config::RadioConfig;
use crate::process::clock::Deadline;
use crate::radio::RecordingName;
use challengectl_common::{ChallengeName, Frequency, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::path::PathBuf;

/// The first message to the child: all data of the transmission.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Job {
    pub radio: RadioConfig,
    /// The lock file of the radio, locked while the radio is in use, so that no two processes use it.
    pub lock: Option<PathBuf>,
    pub challenge: ChallengeName,
    /// The name of a recording, if the radio makes one.
    pub recording: RecordingName,
    /// The nominal frequency, as opposed to the one that the radio is tuned to.
    pub frequency: Frequency,
    /// The name of a registered modulation.
    pub modulation: String,
    pub parameters: Map<String, Value>,
    pub payload: Payload,
}

/// The payload of a transmission.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payload {
    Text(String),
    File {
        path: PathBuf,
        /// The file's name in messages; not the path, which may reveal the flag.
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
    /// The carrier may be on until this deadline; the first lease turns it on.
    Lease(Deadline),
    /// The carrier must go off now.
    Stop,
}

/// Messages from the child. It sends one at least every 250 ms, except while it builds the waveform and opens the
/// radio.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChildMessage {
    Waiting,
    /// The carrier can go on.
    Ready(Length),
    /// The carrier went on.
    OnAir(Timestamp),
    /// The number of samples on air so far.
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

/// How a transmission ended, according to the child.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct End {
    /// When the carrier went off.
    pub at: Timestamp,
    /// The number of samples that were on air.
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
    /// The whole signal was on air.
    Done,
    /// The parent ordered a stop.
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
