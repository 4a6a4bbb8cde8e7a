//! The settings that every radio has.

use crate::radio::Driver;
use challengectl_common::{Band, RadioId};
use serde::{Deserialize, Serialize};

/// Enough for every mode, and a rate that every radio has.
pub const DEFAULT_SAMPLE_RATE: u64 = 2_000_000;

/// No radio transmits below; such a number was meant in megahertz.
const MIN_LIMIT_HZ: u64 = 1_000_000;

/// A radio of the configuration.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RadioConfig {
    /// Unique on this runner.
    pub id: RadioId,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Bands that it may transmit in, counting bandwidth. None: anywhere.
    #[serde(default)]
    pub frequency_limits: Vec<Band>,
    /// Samples per second that it runs at.
    #[serde(default = "default_sample_rate")]
    pub sample_rate: u64,
    /// Hertz from the radio's own frequency up to the signal.
    #[serde(default)]
    pub offset_hz: i32,
    /// Its driver, with the keys that only this driver has.
    #[serde(flatten)]
    pub driver: Driver,
}

fn default_sample_rate() -> u64 {
    DEFAULT_SAMPLE_RATE
}

impl RadioConfig {
    /// The keys besides those of the driver.
    pub(super) const KEYS: [&str; 6] = ["id", "model", "frequency_limits", "sample_rate", "offset_hz", "driver"];

    /// Returns a radio of this driver with defaults for everything else.
    #[must_use]
    pub fn with_defaults(id: RadioId, driver: Driver) -> Self {
        let (frequency_limits, sample_rate) = (Vec::new(), DEFAULT_SAMPLE_RATE);
        Self { id, model: None, frequency_limits, sample_rate, offset_hz: 0, driver }
    }

    /// Returns whether a server may hand out work for it.
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
