//! A challenge as an organiser writes it, before any server has given it an id.

use crate::{Band, ChallengeName, Digest, Frequency, FrequencyRules, Sender};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::ops::Range;

/// Where a challenge may go on air.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tuning {
    /// Always on this frequency.
    Frequency(Frequency),
    /// Anywhere within these named ranges, drawn anew each time.
    FrequencyRanges(Vec<NamedRange>),
    /// Anywhere within this band, drawn anew each time.
    ManualFrequencyRange(Band),
}

impl Tuning {
    /// The bands in which the nominal frequency may lie.
    #[must_use]
    pub fn bands(&self) -> Vec<Band> {
        match self {
            Self::Frequency(frequency) => Band::new(frequency.hz(), frequency.hz()).into_iter().collect(),
            Self::FrequencyRanges(ranges) => ranges.iter().map(|range| range.band).collect(),
            Self::ManualFrequencyRange(band) => vec![*band],
        }
    }

    /// Holds the frequency of a signal, or every range, against the rules. Within a range, where the signal would touch
    /// what is protected is left out when a frequency is drawn.
    ///
    /// # Errors
    /// Which rule is against it, and the way out.
    pub fn permitted(&self, occupied: &Range<f64>, rules: &FrequencyRules) -> Result<(), String> {
        match self {
            Self::Frequency(frequency) => rules.check(*frequency, occupied),
            Self::FrequencyRanges(_) | Self::ManualFrequencyRange(_) => {
                self.bands().iter().try_for_each(|band| rules.check_range(band))
            }
        }
    }
}

/// A band with a name, such as `ham_440`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedRange {
    /// The name by which event files speak of it.
    pub name: String,
    /// What people call it, if that differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Its edges.
    pub band: Band,
}

/// What a transmission carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payload {
    /// Text given in the event file itself.
    Text(String),
    /// A file.
    File(PayloadFile),
}

/// A file that a transmission carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayloadFile {
    /// The path as the event file wrote it.
    pub path: String,
    /// Its content.
    pub digest: Digest,
    /// Its length in bytes.
    pub size: u64,
}

/// Which facts of a challenge the public page shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct PublicView {
    /// Whether it is listed at all.
    pub show_challenge: bool,
    /// Its modulation.
    pub show_modulation: bool,
    /// Its frequency, or its ranges.
    pub show_frequency: bool,
    /// When it was last on air.
    pub show_last_tx_time: bool,
    /// Whether it is on air now.
    pub show_active_status: bool,
}

impl Default for PublicView {
    fn default() -> Self {
        Self {
            show_challenge: true,
            show_modulation: true,
            show_frequency: true,
            show_last_tx_time: true,
            show_active_status: true,
        }
    }
}

/// A challenge, checked: what every challenge has, and what only one of its kind has.
#[derive(Debug, Clone, PartialEq)]
pub struct ChallengeSpec {
    /// Unique in the event.
    pub name: ChallengeName,
    /// Whether players are offered it: only an enabled transmission goes on air.
    pub enabled: bool,
    /// What the public page shows.
    pub public_view: PublicView,
    /// What kind it is.
    pub kind: Kind,
}

/// The kinds of challenges, with what only a challenge of that kind has.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Put on air on a schedule.
    Transmission(TransmissionSpec),
}

/// What is put on air, and when: the modulation exists, its parameters are within their limits, and it can send the
/// payload.
#[derive(Debug, Clone, PartialEq)]
pub struct TransmissionSpec {
    /// The name of a registered modulation.
    pub modulation: String,
    /// Where it goes on air.
    pub tuning: Tuning,
    /// What it carries.
    pub payload: Payload,
    /// Parameters of the modulation; those left out have their defaults.
    pub parameters: Map<String, Value>,
    /// Higher goes first.
    pub priority: i64,
    /// Shortest pause after a transmission, in milliseconds.
    pub min_delay_ms: i64,
    /// Longest pause after a transmission, in milliseconds.
    pub max_delay_ms: i64,
    /// The runners and radios that may send it; empty: any of them.
    pub only_on: Vec<Sender>,
}
