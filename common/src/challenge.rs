//! A challenge as an organiser writes it, before a server has given it an id.

use crate::{Band, ChallengeName, Digest, Frequency, FrequencyRules, Sender};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::num::NonZeroU32;
use std::ops::Range;

/// Where a challenge may go on air.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tuning {
    /// Always this frequency.
    Frequency(Frequency),
    /// A frequency within these named ranges, drawn anew for each transmission.
    FrequencyRanges(Vec<NamedRange>),
    /// A frequency within this band, drawn anew for each transmission.
    ManualFrequencyRange(Band),
}

impl Tuning {
    /// Returns the bands from which the nominal frequency is drawn.
    #[must_use]
    pub fn bands(&self) -> Vec<Band> {
        match self {
            Self::Frequency(frequency) => Band::new(frequency.hz(), frequency.hz()).into_iter().collect(),
            Self::FrequencyRanges(ranges) => ranges.iter().map(|range| range.band).collect(),
            Self::ManualFrequencyRange(band) => vec![*band],
        }
    }

    /// Checks a fixed frequency with the signal's band, or each range as a whole. `occupied` is in hertz relative to
    /// the nominal frequency. Near the edges of a range, frequencies on which the signal would touch a protected band
    /// are left out when one is drawn.
    ///
    /// # Errors
    /// One sentence: the rule that is broken, and the way out.
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
    /// The name by which event files refer to it.
    pub name: String,
    /// The name shown to people, if it differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The band, edges included.
    pub band: Band,
    /// The distance in hertz of the frequencies that may be drawn, counted from the lower edge; `None`: no channels, so
    /// that whole kilohertz are preferred.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raster_hz: Option<NonZeroU32>,
}

/// What a transmission carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payload {
    /// Text from the event file itself.
    Text(String),
    /// A file beside the event file.
    File(PayloadFile),
}

/// A file that a transmission carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayloadFile {
    /// The path as the event file gives it.
    pub path: String,
    /// The SHA-256 of its content.
    pub digest: Digest,
    /// The length in bytes.
    pub size: u64,
}

/// What the public page shows of a challenge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct PublicView {
    /// Whether the challenge is listed at all.
    pub show_challenge: bool,
    /// Whether its modulation is shown.
    pub show_modulation: bool,
    /// Whether its frequency, or its ranges, are shown.
    pub show_frequency: bool,
    /// Whether the time of its last transmission is shown.
    pub show_last_tx_time: bool,
    /// Whether it is shown that it is on air.
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

/// A validated challenge: the fields that all challenges have, and those of its kind.
#[derive(Debug, Clone, PartialEq)]
pub struct ChallengeSpec {
    /// The name, unique in the event.
    pub name: ChallengeName,
    /// Whether the challenge is offered to players. Only an enabled transmission goes on air.
    pub enabled: bool,
    /// What the public page shows.
    pub public_view: PublicView,
    /// The kind, with its own fields.
    pub kind: Kind,
}

/// The kinds of challenges, with the fields of each.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Put on air on a schedule.
    Transmission(TransmissionSpec),
}

/// A transmission: what is sent, where and how often. Valid: the modulation exists, its parameters are within their
/// limits, and it can send the payload.
#[derive(Debug, Clone, PartialEq)]
pub struct TransmissionSpec {
    /// The name of a registered modulation.
    pub modulation: String,
    /// The frequencies on which it goes on air.
    pub tuning: Tuning,
    /// The payload: text, or a file.
    pub payload: Payload,
    /// The parameters of the modulation that the event file sets; the others have their defaults.
    pub parameters: Map<String, Value>,
    /// The priority: of several due challenges, the highest goes first.
    pub priority: i64,
    /// The shortest rest after a transmission, in milliseconds.
    pub min_delay_ms: i64,
    /// The longest rest after a transmission, in milliseconds.
    pub max_delay_ms: i64,
    /// The runners and radios that may send it; empty: any of them.
    pub only_on: Vec<Sender>,
}
