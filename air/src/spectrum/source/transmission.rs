//! What goes on air.

use crate::spectrum::frame::{RATE_STEP, RATES};

/// The highest frequency of the air, in hertz: beyond all radio.
pub(in crate::spectrum) const MAX_HZ: f64 = 1e12;

/// A transmission: samples of this rate, at this place.
#[derive(Debug, Clone, PartialEq)]
pub struct Transmission {
    /// The name of the challenge: selects the path, and the receivers that follow it.
    pub challenge: String,
    /// The frequency in hertz of 0 Hz of the samples.
    pub centre_hz: f64,
    /// The nominal frequency in hertz, which receivers that follow the challenge are tuned to.
    pub nominal_hz: f64,
    /// Samples per second: a multiple of [`RATE_STEP`] within [`RATES`].
    pub rate: u32,
}

/// Why a transmission cannot go on air.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TransmissionError {
    /// The mixer does not work at this rate.
    #[error(
        "{0} samples per second: the air takes multiples of {RATE_STEP} from {low} to {high}; set sample_rate",
        low = RATES.start(),
        high = RATES.end()
    )]
    Rate(u32),
    /// The frequency is not a number, or outside of the air.
    #[error("{0} Hz is not a frequency of the air, which reaches from 0 to 1e12 Hz")]
    Frequency(f64),
    /// The limit of transmissions is reached.
    #[error("{0} transmissions are on the air already; raise spectrum.max_transmissions of the air")]
    TooMany(usize),
}

impl Transmission {
    /// Checks rate and frequencies.
    ///
    /// # Errors
    /// [`TransmissionError::Rate`] or [`TransmissionError::Frequency`].
    pub(super) fn check(&self) -> Result<(), TransmissionError> {
        if !RATES.contains(&self.rate) || !self.rate.is_multiple_of(RATE_STEP) {
            return Err(TransmissionError::Rate(self.rate));
        }
        let is_outside = |hertz: &f64| !(0.0..=MAX_HZ).contains(hertz);
        match [self.centre_hz, self.nominal_hz].into_iter().find(is_outside) {
            Some(hertz) => Err(TransmissionError::Frequency(hertz)),
            None => Ok(()),
        }
    }
}
