//! What a plan says.

use challengectl_common::{RadioId, RunnerId, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;

/// Where and how often everything will be on air.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// The beginning.
    pub from: Timestamp,
    /// Hours from there on; fewer than were asked for, if it ends after its most transmissions.
    pub hours: f64,
    /// Those of them in which work is handed out; averages are over these.
    pub open_hours: f64,
    /// What everything that is random was drawn from.
    pub seed: u64,
    /// What can go on air.
    pub challenges: Vec<ChallengePlan>,
    /// What cannot.
    pub never: Vec<Never>,
    /// The radios.
    pub radios: Vec<RadioPlan>,
}

/// A challenge that no radio can send, whatever else is on air.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Never {
    /// Its name.
    pub challenge: String,
    /// Why, and the way out.
    pub why: String,
}

/// A challenge, as it will go on air.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChallengePlan {
    /// Its name.
    pub challenge: String,
    /// Its modulation.
    pub modulation: String,
    /// How long its signal is, without an identification.
    pub signal_seconds: f64,
    /// How often it goes on air.
    pub transmissions: u64,
    /// Time on air in each hour, identifications included.
    pub air_seconds_per_hour: f64,
    /// The same, if it never had to wait.
    pub wanted_air_seconds_per_hour: f64,
    /// Its frequency, or those that were drawn.
    pub places: Vec<Place>,
    /// By which radios, as `RUNNER/RADIO`, and how often.
    pub radios: BTreeMap<String, u64>,
    /// What it waits for when it is due.
    pub waits: Waits,
}

/// Where a challenge goes on air.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The name of the range; null for a frequency, and for a range without a name.
    pub range: Option<String>,
    /// The lowest frequency that was drawn.
    pub lowest_hz: u64,
    /// The highest.
    pub highest_hz: u64,
    /// How often.
    pub transmissions: u64,
}

/// How long a challenge is due without being on air, and what it waits for.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Waits {
    /// On average, for each transmission.
    pub mean_seconds: f64,
    /// At most.
    pub longest_seconds: f64,
    /// In all, for what: the longest first.
    pub waited_for: Vec<WaitedFor>,
}

/// What came to an end when a wait was over.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the variants say it")]
pub enum WaitedFor {
    /// All radios that could send it were on air or resting.
    Radio { seconds: f64 },
    /// A challenge that was on its frequency, or in the way of all that it could have.
    Frequency { challenge: String, seconds: f64 },
    /// Others were in front of it.
    Turn { seconds: f64 },
}

impl WaitedFor {
    /// In all.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        match self {
            Self::Radio { seconds } | Self::Frequency { seconds, .. } | Self::Turn { seconds } => *seconds,
        }
    }
}

/// A radio, as it will be used.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RadioPlan {
    /// Whose it is.
    pub runner_id: RunnerId,
    /// Which.
    pub radio_id: RadioId,
    /// How often it goes on air.
    pub transmissions: u64,
    /// The part of the time for which it is on air.
    pub load: f64,
    /// The part of the time for which it rests, by its duty cycle.
    pub resting: f64,
}
