//! Ways to demodulate.

use serde::{Deserialize, Serialize};
use std::ops::Range;

/// A way to demodulate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Amplitude modulation: the envelope.
    Am,
    /// Narrowband frequency modulation.
    Nbfm,
    /// Wideband frequency modulation, as in broadcasting.
    Wbfm,
    /// Upper sideband.
    Usb,
    /// Lower sideband.
    Lsb,
    /// Morse: the carrier is heard as a tone of 700 Hz.
    Cw,
}

/// The tone of a carrier in CW, in hertz.
pub const CW_TONE: f64 = 700.0;

impl Mode {
    /// Every mode, in the order in which a page offers them.
    pub const ALL: [Self; 6] = [Self::Am, Self::Nbfm, Self::Wbfm, Self::Usb, Self::Lsb, Self::Cw];

    /// Returns the samples per second of the channel: a multiple of 200 Hz, so that 20 ms, and the 25 ms that a transform
    /// covers, are whole samples.
    #[must_use]
    pub fn channel_rate(self) -> u32 {
        match self {
            Self::Am | Self::Usb | Self::Lsb | Self::Cw => 12_000,
            Self::Nbfm => 24_000,
            Self::Wbfm => 240_000,
        }
    }

    /// Returns the samples per second of the sound.
    #[must_use]
    pub fn audio_rate(self) -> u32 {
        match self {
            Self::Wbfm => 48_000,
            _ => 12_000,
        }
    }

    /// Returns the usual passband, in hertz from the tuned frequency.
    #[must_use]
    pub fn passband(self) -> Range<f64> {
        match self {
            Self::Am => -4500.0..4500.0,
            Self::Nbfm => -6250.0..6250.0,
            Self::Wbfm => -100e3..100e3,
            Self::Usb => 150.0..2850.0,
            Self::Lsb => -2850.0..-150.0,
            Self::Cw => -150.0..150.0,
        }
    }

    /// Returns the widest passband, in hertz from the tuned frequency: the filter must have fallen at half the channel's
    /// rate, and the sound of a sideband must be below half its rate.
    #[must_use]
    pub fn limits(self) -> Range<f64> {
        match self {
            Self::Am => -5500.0..5500.0,
            Self::Nbfm => -11.5e3..11.5e3,
            Self::Wbfm => -119e3..119e3,
            Self::Usb => 0.0..5000.0,
            Self::Lsb => -5000.0..0.0,
            Self::Cw => -1000.0..1000.0,
        }
    }

    /// Returns the width of the narrowest passband, in hertz.
    #[must_use]
    pub fn min_width(self) -> f64 {
        match self {
            Self::Am | Self::Nbfm => 2000.0,
            Self::Wbfm => 20e3,
            Self::Usb | Self::Lsb => 200.0,
            Self::Cw => 50.0,
        }
    }
}
