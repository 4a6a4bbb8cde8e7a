//! Demodulation and waterfall: samples of a band in, PCM and rows out.
//!
//! All listeners of a band share one forward Fourier transform of 20 ms of it ([`Bins`]). Each has a [`Demodulator`]
//! that transforms the bins around its frequency back at a low rate, which costs little. There is no time, thread or
//! network here.

mod agc;
mod channel;
mod demodulator;
mod detector;
mod level;
mod mode;
mod squelch;
#[cfg(test)]
mod testing;
mod transform;
mod tuning;
mod waterfall;

pub use demodulator::Demodulator;
pub use level::Level;
pub use mode::Mode;
pub use transform::{Band, BandError, Bins, FRAMES_PER_SECOND, Transformer};
pub use tuning::{Tuning, TuningError};
pub use waterfall::{MAX_COLUMNS, MIN_COLUMNS, Noise, ROWS_PER_SECOND, View, Waterfall};

/// Plans of Fourier transforms, shared by everything of one band.
pub type Plans = rustfft::FftPlanner<f32>;
