//! Modulations: parameters and text or audio in, complex baseband out.
//!
//! A modulation is one file under [`modulation`] and one line in its list, [`MODULATIONS`]. Nothing here knows of
//! radios, networks or schedules.

#![warn(missing_docs)]

mod audio;
mod envelope;
mod fsk;
mod keyed;
pub mod modulation;
mod occupied;
mod passages;
mod resample;
mod shift;
mod sound;
mod symbols;
#[cfg(test)]
mod testing;
mod wav;

pub use modulation::{
    BuildError, Built, Input, Kind, MAX_TEXT_BYTES, MODULATIONS, Modulation, Parameter, Payload, Values, find,
};
pub use num_complex::Complex32;
pub use resample::{ResampleError, ensure_fits, resample};
pub use shift::shift;
pub use wav::wav_rate;

use std::ops::Range;

/// A finite run of samples at complex baseband.
///
/// Magnitudes are at most 1.0. The run begins and ends in silence and has no clicks between.
pub trait Waveform: Send {
    /// Samples per second of the samples below, in hertz.
    fn sample_rate(&self) -> f64;

    /// How many samples there are in all: exact, so that duration, progress and leases are known beforehand.
    fn len(&self) -> u64;

    /// Hertz relative to the nominal frequency, between which 99 % of the power lies (ITU-R SM.328).
    fn occupied_bandwidth(&self) -> Range<f64>;

    /// Writes the next samples and tells how many: `out.len()`, except at the end of the run; then 0.
    /// Allocates nothing. Any way of cutting the run into calls gives the same samples.
    ///
    /// # Errors
    /// When the file that the samples are made from can no longer be read.
    fn fill(&mut self, out: &mut [Complex32]) -> std::io::Result<usize>;

    /// Whether there are no samples at all.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Seconds on air.
    fn duration(&self) -> f64 {
        self.len() as f64 / self.sample_rate()
    }
}
