//! Frequencies and bands, in whole hertz, and which of them may be used.

pub mod protected;
pub mod rules;

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A radio frequency in whole hertz.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(
    feature = "openapi",
    derive(utoipa::ToSchema),
    schema(value_type = u64, minimum = 1, maximum = 1_000_000_000_000u64)
)]
pub struct Frequency(u64);

impl Frequency {
    /// 1 THz: above the range of any radio, and low enough that sums cannot overflow.
    pub const MAX: Self = Self(1_000_000_000_000);

    /// Returns the frequency of `hz` hertz; `None` if that is 0 or above [`Frequency::MAX`].
    #[must_use]
    pub const fn from_hz(hz: u64) -> Option<Self> {
        if hz == 0 || hz > Self::MAX.0 { None } else { Some(Self(hz)) }
    }

    /// The frequency in hertz.
    #[must_use]
    pub const fn hz(self) -> u64 {
        self.0
    }

    /// Returns the band that a signal occupies when its nominal frequency is this one, rounded outwards to whole hertz.
    /// `occupied` is in hertz relative to the nominal frequency.
    #[must_use]
    pub fn band(self, occupied: &std::ops::Range<f64>) -> Band {
        let edge = |offset: f64| offset.clamp(-1e12, 1e12);
        let low = (self.0 as f64 + edge(occupied.start)).floor().max(0.0);
        let high = (self.0 as f64 + edge(occupied.end)).ceil().max(low);
        Band { low: low as u64, high: high as u64 }
    }
}

impl fmt::Display for Frequency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mhz, rest) = (self.0 / 1_000_000, self.0 % 1_000_000);
        if rest % 1000 == 0 { write!(f, "{mhz}.{:03} MHz", rest / 1000) } else { write!(f, "{mhz}.{rest:06} MHz") }
    }
}

/// All frequencies from `low` to `high` hertz, both included. Written `"144000000-148000000"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Band {
    low: u64,
    high: u64,
}

/// The text is not a band.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a band; write LOW-HIGH in hertz with LOW below HIGH, for example 144000000-148000000")]
pub struct ParseBandError(String);

impl Band {
    /// Returns the band from `low` to `high` hertz; `None` if `high` is below `low` or above [`Frequency::MAX`].
    #[must_use]
    pub const fn new(low: u64, high: u64) -> Option<Self> {
        if low > high || high > Frequency::MAX.0 { None } else { Some(Self { low, high }) }
    }

    /// The lower edge in hertz.
    #[must_use]
    pub const fn low(&self) -> u64 {
        self.low
    }

    /// The upper edge in hertz.
    #[must_use]
    pub const fn high(&self) -> u64 {
        self.high
    }

    /// The distance between the edges in hertz.
    #[must_use]
    pub const fn width(&self) -> u64 {
        self.high - self.low
    }

    /// Returns whether all of `other` lies within this band.
    #[must_use]
    pub const fn contains(&self, other: &Self) -> bool {
        self.low <= other.low && other.high <= self.high
    }

    /// Returns whether the two share a frequency.
    #[must_use]
    pub const fn overlaps(&self, other: &Self) -> bool {
        self.low <= other.high && other.low <= self.high
    }

    /// Returns the band that both share; `None` if they share no frequency.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Option<Self> {
        Self::new(self.low.max(other.low), self.high.min(other.high))
    }

    /// Returns the band with `guard` hertz added on either side; the lower edge is at least 0.
    #[must_use]
    pub fn widened(&self, guard: u64) -> Self {
        Self { low: self.low.saturating_sub(guard), high: self.high.saturating_add(guard) }
    }
}

impl fmt::Display for Band {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.low, self.high)
    }
}

impl FromStr for Band {
    type Err = ParseBandError;

    fn from_str(text: &str) -> Result<Self, ParseBandError> {
        let refuse = || ParseBandError(text.chars().take(80).collect());
        let (low, high) = text.split_once('-').ok_or_else(refuse)?;
        let edge = |text: &str| text.trim().parse::<u64>().map_err(|_| refuse());
        Self::new(edge(low)?, edge(high)?).filter(|band| band.width() > 0).ok_or_else(refuse)
    }
}

impl TryFrom<String> for Band {
    type Error = ParseBandError;
    fn try_from(text: String) -> Result<Self, ParseBandError> {
        text.parse()
    }
}

impl From<Band> for String {
    fn from(band: Band) -> String {
        band.to_string()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Band {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        let text = utoipa::openapi::ObjectBuilder::new().schema_type(utoipa::openapi::Type::String);
        text.description(Some("All frequencies from LOW to HIGH hertz, as LOW-HIGH with LOW below HIGH."))
            .pattern(Some("^[0-9]{1,13}-[0-9]{1,13}$"))
            .examples(["144000000-148000000"])
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Band {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_band_reads_back_what_it_writes() {
        let band: Band = "144000000-148000000".parse().unwrap();
        assert_eq!(band, Band::new(144_000_000, 148_000_000).unwrap());
        assert_eq!(band.to_string(), "144000000-148000000");
    }

    #[test]
    fn a_text_that_is_not_a_band_is_refused() {
        for text in ["", "1", "2-1", "-", "1-", "a-b", "5-5", "1-2-3", "0-99999999999999999999"] {
            assert!(text.parse::<Band>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_signal_occupies_its_span_around_the_nominal_frequency() {
        let frequency = Frequency::from_hz(467_750_000).unwrap();
        assert_eq!(frequency.band(&(-8856.4..239.2)), Band::new(467_741_143, 467_750_240).unwrap());
    }

    #[test]
    fn a_frequency_is_shown_in_megahertz() {
        assert_eq!(Frequency::from_hz(146_550_000).unwrap().to_string(), "146.550 MHz");
        assert_eq!(Frequency::from_hz(7_030_125).unwrap().to_string(), "7.030125 MHz");
    }
}
