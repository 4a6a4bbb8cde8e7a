//! Paths from a transmitter to the receivers: level, errors of frequency, fading.

use serde::{Deserialize, Serialize};

/// The path of a challenge's signal. By default it changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Path {
    /// Gain in decibels, -200 to 60. At 0 dB a transmitter's full scale arrives as 1.0.
    pub gain_db: f64,
    /// Error of the transmitter's frequency in parts per million, -1000 to 1000; up if positive.
    pub ppm: f64,
    /// Hertz by which the transmitter's frequency wanders up and down, 0 to 100,000.
    pub drift_hz: f64,
    /// Seconds in which it wanders up and down once, 1 to 1,000,000.
    pub drift_seconds: f64,
    /// Fading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fading: Option<Fading>,
}

impl Default for Path {
    fn default() -> Self {
        Self { gain_db: 0.0, ppm: 0.0, drift_hz: 0.0, drift_seconds: 60.0, fading: None }
    }
}

/// How a path fades.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fading {
    /// Shortwave: two paths of equal power that fade by themselves (C. C. Watterson, 1970; ITU-R F.1487).
    Watterson(Watterson),
    /// Very and ultra high frequencies: a steady path, and scattered ones that fade.
    Rician(Rician),
}

/// Shortwave fading. At middle latitudes ITU-R F.1487 gives 0.5 ms and 0.1 Hz for quiet conditions, 1 ms and 0.5 Hz for
/// moderate and 2 ms and 1 Hz for disturbed ones.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watterson {
    /// Milliseconds by which the second path is longer, up to [`MAX_DELAY_MS`].
    pub delay_ms: f64,
    /// Doppler spread in hertz: twice the standard deviation.
    pub spread_hz: f64,
}

/// Fading with a steady part.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rician {
    /// Power of the steady part over that of the scattered one, in decibels: 4 to 10 for fixed stations, 0 for mobile
    /// ones.
    pub k_db: f64,
    /// Doppler spread in hertz: speed times frequency over that of light, for 10 m/s 5 Hz at 145 MHz.
    pub spread_hz: f64,
}

/// The longest delay of a path, in milliseconds: the worst of ITU-R F.1487 is 7.
pub const MAX_DELAY_MS: f64 = 8.0;

impl Path {
    /// Checks all values.
    ///
    /// # Errors
    /// A text that names the value and its limits.
    pub fn check(&self) -> Result<(), String> {
        within("gain_db", self.gain_db, -200.0, 60.0)?;
        within("ppm", self.ppm, -1000.0, 1000.0)?;
        within("drift_hz", self.drift_hz, 0.0, 100_000.0)?;
        within("drift_seconds", self.drift_seconds, 1.0, 1e6)?;
        match self.fading {
            None => Ok(()),
            Some(Fading::Watterson(Watterson { delay_ms, spread_hz })) => {
                within("delay_ms", delay_ms, 0.0, MAX_DELAY_MS)?;
                within("spread_hz", spread_hz, 0.001, 100.0)
            }
            Some(Fading::Rician(Rician { k_db, spread_hz })) => {
                within("k_db", k_db, -60.0, 60.0)?;
                within("spread_hz", spread_hz, 0.001, 100.0)
            }
        }
    }
}

fn within(name: &str, value: f64, low: f64, high: f64) -> Result<(), String> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(format!("{name} is {value}; it must be from {low} to {high}"))
}
