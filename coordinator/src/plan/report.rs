//! The result of a plan.

use challengectl_common::{RadioId, RunnerId, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;

/// Where and how often each challenge will be on air.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// The time at which the plan begins.
    pub from: Timestamp,
    /// The hours that it covers; fewer than were asked for, if it ends after its most transmissions.
    pub hours: f64,
    /// The hours in which work is handed out. Averages are over these.
    pub open_hours: f64,
    /// The seed of the random numbers.
    pub seed: u64,
    /// The challenges that can go on air.
    pub challenges: Vec<ChallengePlan>,
    /// The challenges that cannot.
    pub never: Vec<Never>,
    /// The radios.
    pub radios: Vec<RadioPlan>,
}

/// A challenge that no radio can send, whatever else is on air.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Never {
    /// The name of the challenge.
    pub challenge: String,
    /// The obstacle, and the way out.
    pub why: String,
}

/// The transmissions of a challenge.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChallengePlan {
    /// The name of the challenge.
    pub challenge: String,
    /// The name of its modulation.
    pub modulation: String,
    /// The length of its signal in seconds, without an identification.
    pub signal_seconds: f64,
    /// The number of its transmissions.
    pub transmissions: u64,
    /// Seconds on air per open hour, with identifications.
    pub air_seconds_per_hour: f64,
    /// Seconds on air per hour if it never had to wait, without identifications.
    pub wanted_air_seconds_per_hour: f64,
    /// The frequency, or the ranges with the frequencies drawn from them.
    pub places: Vec<Place>,
    /// The number of transmissions by each radio, as `RUNNER/RADIO`.
    pub radios: BTreeMap<String, u64>,
    /// The time for which it waits after it is due.
    pub waits: Waits,
}

/// A frequency, or a range, of a challenge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The name of the range; null for a frequency, and for a range without a name.
    pub range: Option<String>,
    /// The lowest frequency drawn.
    pub lowest_hz: u64,
    /// The highest frequency drawn.
    pub highest_hz: u64,
    /// The number of transmissions there.
    pub transmissions: u64,
}

/// The time for which a challenge is due but not on air, and the causes.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Waits {
    /// The mean wait before a transmission.
    pub mean_seconds: f64,
    /// The longest wait.
    pub longest_seconds: f64,
    /// The sum of the waits by cause, the longest first.
    pub waited_for: Vec<WaitedFor>,
}

/// The cause of waits.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the variants say it")]
pub enum WaitedFor {
    /// Every radio that could send the challenge was on air or rested.
    Radio { seconds: f64 },
    /// Another challenge occupied its frequency, or all of its ranges.
    Frequency { challenge: String, seconds: f64 },
    /// Other challenges had their turn before it.
    Turn { seconds: f64 },
}

impl WaitedFor {
    /// Returns the sum of the waits in seconds.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        match self {
            Self::Radio { seconds } | Self::Frequency { seconds, .. } | Self::Turn { seconds } => *seconds,
        }
    }
}

/// The load of a radio.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RadioPlan {
    /// Its runner.
    pub runner_id: RunnerId,
    /// Its id on the runner.
    pub radio_id: RadioId,
    /// The number of its transmissions.
    pub transmissions: u64,
    /// The part of the open hours for which it is on air, 0 to 1.
    pub load: f64,
    /// The part of the open hours for which it rests, by its duty cycle.
    pub resting: f64,
}
