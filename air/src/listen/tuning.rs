//! The tuning of a listener.

use super::{Band, Mode};
use std::ops::Range;

/// The tuning of a listener.
#[derive(Debug, Clone, PartialEq)]
pub struct Tuning {
    hertz: f64,
    mode: Mode,
    passband: Range<f64>,
    deemphasis: f64,
    squelch: Option<f32>,
}

/// Why a tuning is impossible.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TuningError {
    /// The frequency is outside of the band.
    #[error("{hertz} Hz is outside the band, {low:.0} to {high:.0} Hz")]
    Frequency {
        /// The frequency asked for, in hertz.
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
    /// The time constant of the de-emphasis is out of range.
    #[error("a de-emphasis of {0} µs: it must be from 0 to 1000")]
    Deemphasis(f64),
    /// The threshold of the squelch is out of range.
    #[error("a squelch of {0} dB: it opens 1 to 60 dB above the noise, or is null for off")]
    Squelch(f32),
}

impl Tuning {
    /// Creates a tuning to `hertz`, with the usual passband and de-emphasis of the mode, and the squelch off.
    ///
    /// # Errors
    /// [`TuningError::Frequency`].
    pub fn new(band: &Band, hertz: f64, mode: Mode) -> Result<Self, TuningError> {
        let deemphasis = if mode == Mode::Wbfm { 50.0 } else { 0.0 };
        Self { hertz, mode, passband: mode.passband(), deemphasis, squelch: None }.at(band, hertz)
    }

    /// Changes the frequency.
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

    /// Changes the passband, in hertz from the frequency.
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

    /// Changes the time constant of the de-emphasis, in microseconds; 0 for flat. It acts on frequency modulation only.
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

    /// Sets the decibels above the noise at which the squelch opens; `None` for off.
    ///
    /// # Errors
    /// [`TuningError::Squelch`].
    pub fn with_squelch(self, squelch: Option<f32>) -> Result<Self, TuningError> {
        match squelch.filter(|decibels| !(1.0..=60.0).contains(decibels)) {
            Some(decibels) => Err(TuningError::Squelch(decibels)),
            None => Ok(Self { squelch, ..self }),
        }
    }

    /// Returns the tuned frequency in hertz: that of the carrier.
    #[must_use]
    pub fn hertz(&self) -> f64 {
        self.hertz
    }

    /// Returns the mode.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Returns the passband, in hertz from the frequency.
    #[must_use]
    pub fn passband(&self) -> &Range<f64> {
        &self.passband
    }

    /// Returns the time constant of the de-emphasis in microseconds; 0 for flat.
    #[must_use]
    pub fn deemphasis(&self) -> f64 {
        self.deemphasis
    }

    /// Returns the decibels above the noise at which the squelch opens; `None`: it is off.
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
