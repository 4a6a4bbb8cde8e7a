//! The interface of everything that produces samples.

use num_complex::Complex32;
use std::io;
use std::ops::Range;

/// A finite run of samples at complex baseband.
///
/// Magnitudes are at most 1.0. A waveform that goes on air begins and ends in silence and has no clicks.
pub trait Waveform: Send {
    /// Samples per second, in hertz.
    fn sample_rate(&self) -> f64;

    /// The exact total number of samples, so that duration, progress and leases are known beforehand.
    fn len(&self) -> u64;

    /// The edges of the band that holds 99 % of the power (ITU-R SM.328), in hertz relative to the nominal frequency.
    fn occupied_bandwidth(&self) -> Range<f64>;

    /// Writes the next samples and returns their number: `out.len()`, less at the end of the run, then 0. Allocates
    /// nothing. Every way of cutting the run into calls gives the same samples.
    ///
    /// # Errors
    /// The file that the samples are made from can no longer be read.
    fn fill(&mut self, out: &mut [Complex32]) -> io::Result<usize>;

    /// Makes all samples at `rate`, in hertz, if the waveform can do that itself, and returns whether it can. `rate` holds
    /// the occupied band, and no sample has been taken. What cannot is resampled.
    fn set_rate(&mut self, rate: f64) -> bool {
        rate == self.sample_rate()
    }

    /// Returns whether there are no samples at all.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The duration in seconds, from the first sample to the last.
    fn duration(&self) -> f64 {
        self.len() as f64 / self.sample_rate()
    }
}
