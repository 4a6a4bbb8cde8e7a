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

/// The other messages to the child.
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
    /// The carrier is off, and this is the last message.
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

/// How a transmission ended, as the child tells it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct End {
    /// When the carrier was off.
    pub at: Timestamp,
    /// Samples that were on air.
    pub samples: u64,
    pub cause: Cause,
    /// Whether the station has identified itself at the end.
    pub identified: bool,
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
    Failed(String),
}

impl Cause {
    pub(super) fn failed(error: impl std::fmt::Display) -> Self {
        Self::Failed(error.to_string())
    }
}
