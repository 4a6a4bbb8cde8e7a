//! The messages between parent and child.

use crate::config::{Config, RadioConfig};
use crate::process::clock::{Deadline, Moment};
use crate::radio::RecordingName;
use challengectl_common::wire::Identification;
use challengectl_common::{Callsign, ChallengeName, Frequency, Timestamp};
use challengectl_waveform as waveform;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::path::PathBuf;
use std::time::Duration;

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
    /// The station that may have to identify itself with it.
    pub station: Option<Station>,
}

/// A station that identifies itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Station {
    pub callsign: Callsign,
    /// At most between two identifications, save for the time that a transmission takes.
    pub interval: Duration,
    /// When the radio last sent one; `None` in this life never.
    pub identified: Option<Moment>,
}

impl Station {
    /// Returns the station of a radio that identified it last at `identified`; `None` without a call sign.
    #[must_use]
    pub fn of(config: &Config, identified: Option<Moment>) -> Option<Self> {
        let interval = Duration::from_secs(config.identify_seconds.into());
        config.callsign.clone().map(|callsign| Self { callsign, interval, identified })
    }

    /// Returns what a server is told of it.
    #[must_use]
    pub fn introduction(&self) -> Identification {
        let length = waveform::identification(&self.callsign).map_or(0.0, |keyed| keyed.duration());
        Identification {
            callsign: self.callsign.clone(),
            interval_seconds: u32::try_from(self.interval.as_secs()).unwrap_or(u32::MAX),
            // The radio's rate makes it some samples longer.
            length_seconds: (length * 10.0).ceil() / 10.0,
        }
    }
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

impl Length {
    /// Returns the time that it takes.
    #[must_use]
    pub fn duration(self) -> Duration {
        Duration::try_from_secs_f64(self.samples as f64 / self.sample_rate.max(1) as f64).unwrap_or(Duration::MAX)
    }
}

/// How a transmission ended, according to the child.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct End {
    /// When the carrier went off.
    pub at: Timestamp,
    /// The number of samples that were on air.
    pub samples: u64,
    pub cause: Cause,
    /// Whether the station has identified itself at the end.
    pub identified: bool,
    /// How often the radio ran dry.
    #[serde(default)]
    pub underruns: u64,
    /// The child waits for the next job. Its device, if it has one, stays open and silent.
    #[serde(default)]
    pub kept: bool,
    /// The driver failed to turn the carrier off. The device is closed; it may radiate all the same.
    #[serde(default)]
    pub doubtful: bool,
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
