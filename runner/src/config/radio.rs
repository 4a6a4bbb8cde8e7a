//! The settings common to all radios.

use crate::radio::Driver;
use challengectl_common::{Band, DutyCycle, RadioId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// The default sample rate in hertz: enough for every modulation, and supported by every radio.
pub const DEFAULT_SAMPLE_RATE: u64 = 2_000_000;

/// The lowest frequency limit in hertz. No radio transmits below; a smaller number was meant in megahertz.
const MIN_LIMIT_HZ: u64 = 1_000_000;

/// A week in seconds: longer than any event.
const MAX_ON_AIR: u32 = 7 * 86_400;

/// A radio of the configuration.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RadioConfig {
    /// The id, unique on this runner.
    pub id: RadioId,
    /// The model, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The bands in which it may transmit; the whole signal must lie within one of them. Empty, with `frequency_ranges` empty
    /// too: no limit.
    #[serde(default)]
    pub frequency_limits: Vec<Band>,
    /// The named ranges of the event in which it may transmit as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frequency_ranges: Vec<String>,
    /// The sample rate in hertz.
    #[serde(default = "default_sample_rate")]
    pub sample_rate: u64,
    /// The part of the time for which it may be on air. It rests after each transmission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duty_cycle: Option<DutyCycle>,
    /// The longest time on air in seconds. A longer signal is not sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_on_air_seconds: Option<u32>,
    /// The offset of the signal above the radio's own frequency, in hertz.
    #[serde(default)]
    pub offset_hz: i32,
    /// The driver, with its own keys.
    #[serde(flatten)]
    pub driver: Driver,
}

/// Limits of the radios that `autodetect` finds: they have no entry that could carry any.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DetectedLimits {
    /// The bands in which they may transmit, as far as the device reaches. Empty: wherever it reaches.
    pub frequency_limits: Vec<Band>,
    /// The part of the time for which each may be on air.
    pub duty_cycle: Option<DutyCycle>,
    /// The longest time on air in seconds.
    pub max_on_air_seconds: Option<u32>,
}

impl DetectedLimits {
    pub(super) fn check(&self) -> Result<(), String> {
        check_limits("detected", &self.frequency_limits, self.max_on_air_seconds)
    }
}

fn check_limits(place: &str, bands: &[Band], max_on_air_seconds: Option<u32>) -> Result<(), String> {
    if let Some(band) = bands.iter().find(|band| band.high() < MIN_LIMIT_HZ) {
        return Err(format!("{place}: frequency_limits are in hertz, and {band} is far below any radio"));
    }
    if max_on_air_seconds.is_some_and(|seconds| !(1..=MAX_ON_AIR).contains(&seconds)) {
        return Err(format!("{place}: max_on_air_seconds must be from 1 to {MAX_ON_AIR}"));
    }
    Ok(())
}

fn default_sample_rate() -> u64 {
    DEFAULT_SAMPLE_RATE
}

impl RadioConfig {
    /// The keys of every radio, without those of the driver.
    pub(super) const KEYS: [&str; 9] = [
        "id",
        "model",
        "frequency_limits",
        "frequency_ranges",
        "sample_rate",
        "duty_cycle",
        "max_on_air_seconds",
        "offset_hz",
        "driver",
    ];

    /// Returns a radio of this driver, with defaults for the other keys.
    #[must_use]
    pub fn with_defaults(id: RadioId, driver: Driver) -> Self {
        Self {
            id,
            model: None,
            frequency_limits: Vec::new(),
            frequency_ranges: Vec::new(),
            sample_rate: DEFAULT_SAMPLE_RATE,
            duty_cycle: None,
            max_on_air_seconds: None,
            offset_hz: 0,
            driver,
        }
    }

    /// Returns the radio with its named ranges replaced by their bands. A name that `known` lacks opens nothing.
    ///
    /// # Errors
    /// The reason, if it may transmit nowhere.
    pub fn within(&self, known: &BTreeMap<String, Band>) -> Result<Self, String> {
        let mut radio = self.clone();
        let names = std::mem::take(&mut radio.frequency_ranges);
        radio.frequency_limits.extend(names.iter().filter_map(|name| known.get(name)));
        if radio.frequency_limits.is_empty() && !names.is_empty() {
            return Err(format!("radio {}: the event has none of its frequency_ranges: {}", self.id, names.join(", ")));
        }
        Ok(radio)
    }

    /// Returns the longest time on air; `None`: any.
    #[must_use]
    pub fn max_on_air(&self) -> Option<Duration> {
        self.max_on_air_seconds.map(|seconds| Duration::from_secs(seconds.into()))
    }

    /// Returns whether it takes work from a server.
    #[must_use]
    pub fn takes_work(&self) -> bool {
        self.driver.settings().refuses_work().is_none()
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let id = &self.id;
        check_limits(&format!("radio {id}"), &self.frequency_limits, self.max_on_air_seconds)?;
        if self.sample_rate == 0 {
            return Err(format!("radio {id}: sample_rate must be above 0"));
        }
        self.driver.settings().check().map_err(|error| format!("radio {id}: {error}"))
    }
}
