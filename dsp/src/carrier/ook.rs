//! On-off keying (OOK): a carrier keyed on and off.

use super::envelope::SILENCE;
use super::symbols::Symbols;
use crate::Waveform;
use crate::occupied::reach_of_ook;
use num_complex::Complex32;
use std::ops::Range;

/// How a carrier is keyed on and off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Keying {
    /// Bits per second, above 0.
    pub baud: f64,
    /// Samples per bit, at least 1. The sample rate is `samples_per_bit` × `baud`.
    pub samples_per_bit: u32,
    /// Seconds in which the carrier rises, and in which it falls; at most as long as a bit.
    pub edge: f64,
}

/// A waveform of on-off keying at the nominal frequency, with silence at both ends.
pub struct Ook {
    symbols: Symbols,
    rate: f64,
    reach: f64,
    silence: u64,
    position: u64,
    len: u64,
}

/// Samples made at once.
const BLOCK: usize = 256;

impl Ook {
    /// Creates the waveform of these bits, the first of them first. The last should be 0, or the carrier ends with a
    /// click.
    #[must_use]
    pub fn new(bits: &[bool], keying: &Keying) -> Self {
        let rate = keying.baud * f64::from(keying.samples_per_bit);
        let symbols = Symbols::new(false, bits, keying.samples_per_bit, keying.edge * rate);
        let silence = (SILENCE * rate).ceil() as u64;
        let reach = keying.baud * reach_of_ook(bits, keying.edge * keying.baud);
        Self { len: symbols.len() + 2 * silence, symbols, rate, reach, silence, position: 0 }
    }
}

impl Waveform for Ook {
    fn sample_rate(&self) -> f64 {
        self.rate
    }

    fn len(&self) -> u64 {
        self.len
    }

    fn occupied_bandwidth(&self) -> Range<f64> {
        -self.reach..self.reach
    }

    fn fill(&mut self, out: &mut [Complex32]) -> std::io::Result<usize> {
        let left = usize::try_from(self.len - self.position).unwrap_or(usize::MAX);
        let filled = left.min(out.len());
        let (out, _) = out.split_at_mut(filled);
        for samples in out.chunks_mut(BLOCK) {
            let mut levels = [0.0; BLOCK];
            let (levels, _) = levels.split_at_mut(samples.len());
            let silent = self.silence.saturating_sub(self.position).min(levels.len() as u64) as usize;
            let end = (self.len - self.silence).saturating_sub(self.position).min(levels.len() as u64) as usize;
            if let Some(keyed) = levels.get_mut(silent..end) {
                self.symbols.fill(keyed);
            }
            for (sample, level) in samples.iter_mut().zip(levels) {
                *sample = Complex32::new(*level, 0.0);
            }
            self.position += samples.len() as u64;
        }
        Ok(filled)
    }
}
