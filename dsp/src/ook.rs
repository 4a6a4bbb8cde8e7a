//! On-off keying (OOK): a carrier keyed on and off.

use crate::Waveform;
use crate::envelope::SILENCE;
use crate::occupied::reach_of_ook;
use crate::symbols::Symbols;
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
        let keyed = self.silence..self.len - self.silence;
        let mut filled = 0;
        for (sample, position) in out.iter_mut().zip(self.position..self.len) {
            let level = if keyed.contains(&position) { self.symbols.next() } else { 0.0 };
            *sample = Complex32::new(level, 0.0);
            filled += 1;
        }
        self.position += filled as u64;
        Ok(filled)
    }
}
