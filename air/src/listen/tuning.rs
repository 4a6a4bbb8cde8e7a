//! What a listener has tuned to.

use super::{Band, Mode};
use std::ops::Range;

/// What a listener hears.
#[derive(Debug, Clone, PartialEq)]
pub struct Tuning {
    hertz: f64,
    mode: Mode,
    passband: Range<f64>,
    deemphasis: f64,
    squelch: Option<f32>,
}

/// Why something cannot be tuned to.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TuningError {
    /// The frequency is not of the band.
    #[error("{hertz} Hz is outside the band, {low:.0} to {high:.0} Hz")]
    Frequency {
        /// What was asked for.
        hertz: f64,
        /// The lower edge of the band, in hertz.
        low: f64,
        /// The upper edge of the band, in hertz.
        high: f64,
    },
    /// The passband does not fit the mode.
    #[error("a passband of {low} to {high} Hz: it must lie within {} to {} Hz and be {} Hz wide", limits.start, limits.end, min_width)]
    Passband {
        /// The lower edge asked for, in hertz.
        low: f64,
        /// The upper edge asked for, in hertz.
        high: f64,
        /// The edges that the mode allows.
        limits: Range<f64>,
        /// The least width, in hertz.
        min_width: f64,
    },
    /// No de-emphasis is so long.
    #[error("a de-emphasis of {0} µs: 0 to 1000 can be had")]
    Deemphasis(f64),
    /// No squelch is there.
    #[error("a squelch of {0} dB: it opens 1 to 60 dB above the noise, or is null for off")]
    Squelch(f32),
}

impl Tuning {
    /// Tunes to `hertz`, with the passband and de-emphasis that are usual for the mode, and the squelch off.
    ///
    /// # Errors
    /// [`TuningError::Frequency`].
    pub fn new(band: &Band, hertz: f64, mode: Mode) -> Result<Self, TuningError> {
        let deemphasis = if mode == Mode::Wbfm { 50.0 } else { 0.0 };
        Self { hertz, mode, passband: mode.passband(), deemphasis, squelch: None }.at(band, hertz)
    }

    /// The same at another frequency.
    ///
    /// # Errors
    /// [`TuningError::Frequency`].
    pub fn at(self, band: &Band, hertz: f64) -> Result<Self, TuningError> {
        let edges = band.edges();
        if edges.contains(&hertz) {
            Ok(Self { hertz, ..self })
        } else {
            Err(TuningError::Frequency { hertz, low: edges.start, high: edges.end })
        }
    }

    /// The same with another passband, in hertz relative to the frequency.
    ///
    /// # Errors
    /// [`TuningError::Passband`].
    pub fn with_passband(self, passband: Range<f64>) -> Result<Self, TuningError> {
        let (limits, min_width) = (self.mode.limits(), self.mode.min_width());
        let fits = passband.start >= limits.start && passband.end <= limits.end;
        if fits && passband.end - passband.start >= min_width {
            Ok(Self { passband, ..self })
        } else {
            Err(TuningError::Passband { low: passband.start, high: passband.end, limits, min_width })
        }
    }

    /// The same with another time constant of the de-emphasis, in microseconds; 0 for flat. It acts on frequency
    /// modulation only.
    ///
    /// # Errors
    /// [`TuningError::Deemphasis`].
    pub fn with_deemphasis(self, microseconds: f64) -> Result<Self, TuningError> {
        if (0.0..=1000.0).contains(&microseconds) {
            Ok(Self { deemphasis: microseconds, ..self })
        } else {
            Err(TuningError::Deemphasis(microseconds))
        }
    }

    /// The same with a squelch that opens so many decibels above the noise; `None` for off.
    ///
    /// # Errors
    /// [`TuningError::Squelch`].
    pub fn with_squelch(self, squelch: Option<f32>) -> Result<Self, TuningError> {
        match squelch.filter(|decibels| !(1.0..=60.0).contains(decibels)) {
            Some(decibels) => Err(TuningError::Squelch(decibels)),
            None => Ok(Self { squelch, ..self }),
        }
    }

    /// The tuned frequency in hertz: the carrier.
    #[must_use]
    pub fn hertz(&self) -> f64 {
        self.hertz
    }

    /// How it is demodulated.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The passband in hertz, relative to the frequency.
    #[must_use]
    pub fn passband(&self) -> &Range<f64> {
        &self.passband
    }

    /// The time constant of the de-emphasis in microseconds; 0 for flat.
    #[must_use]
    pub fn deemphasis(&self) -> f64 {
        self.deemphasis
    }

    /// Decibels above the noise at which the squelch opens; `None`: always open.
    #[must_use]
    pub fn squelch(&self) -> Option<f32> {
        self.squelch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_receiver_could_do_is_refused() {
        let band = Band::new(145e6, 2_048_000).unwrap();
        let tuned = || Tuning::new(&band, 145.5e6, Mode::Usb).unwrap();
        assert!(Tuning::new(&band, 146.1e6, Mode::Am).is_err());
        for hertz in [f64::NAN, f64::INFINITY, -1.0, 0.0, 143.9e6] {
            assert!(tuned().at(&band, hertz).is_err(), "{hertz}");
        }
        for (low, high) in [(150.0, 9000.0), (-100.0, 2000.0), (2000.0, 150.0), (300.0, 350.0), (f64::NAN, 1e3)] {
            assert!(tuned().with_passband(low..high).is_err(), "{low} {high}");
        }
        assert!(tuned().with_deemphasis(f64::NAN).is_err());
        assert!(tuned().with_squelch(Some(f32::NAN)).is_err());
        assert!(tuned().with_squelch(Some(10.0)).is_ok());
    }
}
