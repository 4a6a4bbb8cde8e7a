//! The settings common to all radios.

use crate::radio::Driver;
use challengectl_common::{Band, RadioId};
use serde::{Deserialize, Serialize};

/// The default sample rate in hertz: enough for every modulation, and supported by every radio.
pub const DEFAULT_SAMPLE_RATE: u64 = 2_000_000;

/// The lowest frequency limit in hertz. No radio transmits below; a smaller number was meant in megahertz.
const MIN_LIMIT_HZ: u64 = 1_000_000;

/// A radio of the configuration.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RadioConfig {
    /// The id, unique on this runner.
    pub id: RadioId,
    /// The model, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The bands in which it may transmit; the whole signal must lie within one of them. Empty: no limit.
    #[serde(default)]
    pub frequency_limits: Vec<Band>,
    /// The sample rate in hertz.
    #[serde(default = "default_sample_rate")]
    pub sample_rate: u64,
    /// The offset of the signal above the radio's own frequency, in hertz.
    #[serde(default)]
    pub offset_hz: i32,
    /// The driver, with its own keys.
    #[serde(flatten)]
    pub driver: Driver,
}

fn default_sample_rate() -> u64 {
    DEFAULT_SAMPLE_RATE
}

impl RadioConfig {
    /// The keys of every radio, without those of the driver.
    pub(super) const KEYS: [&str; 6] = ["id", "model", "frequency_limits", "sample_rate", "offset_hz", "driver"];

    /// Returns a radio of this driver, with defaults for the other keys.
    #[must_use]
    pub fn with_defaults(id: RadioId, driver: Driver) -> Self {
        let (frequency_limits, sample_rate) = (Vec::new(), DEFAULT_SAMPLE_RATE);
        Self { id, model: None, frequency_limits, sample_rate, offset_hz: 0, driver }
    }

    /// Returns whether it takes work from a server.
    #[must_use]
    pub fn takes_work(&self) -> bool {
        self.driver.settings().refuses_work().is_none()
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let id = &self.id;
        if let Some(band) = self.frequency_limits.iter().find(|band| band.high() < MIN_LIMIT_HZ) {
            return Err(format!("radio {id}: frequency_limits are in hertz, and {band} is far below any radio"));
        }
        if self.sample_rate == 0 {
            return Err(format!("radio {id}: sample_rate must be above 0"));
        }
        self.driver.settings().check().map_err(|error| format!("radio {id}: {error}"))
    }
}
