//! Frequency shift of a signal at its own sample rate.

use crate::Waveform;
use multiversion::multiversion;
use num_complex::Complex32;
use std::f64::consts::TAU;
use std::ops::Range;

/// Samples after which the phase is computed from the sample's number again, so that rounding errors do not accumulate
/// in phase or magnitude. One sine per block costs nothing.
const BLOCK: usize = 256;

/// Moves a signal up by `hertz` in frequency, or down if negative. The moved occupied band must lie within half the
/// sample rate to either side, or it wraps around.
#[must_use]
pub fn shift(waveform: Box<dyn Waveform>, hertz: f64) -> Box<dyn Waveform> {
    let turns = hertz / waveform.sample_rate();
    let table = std::array::from_fn(|sample| phasor(turns * sample as f64));
    Box::new(Shift { waveform, hertz, turns, table: Box::new(table), position: 0 })
}

struct Shift {
    waveform: Box<dyn Waveform>,
    hertz: f64,
    /// Phase advance per sample, in turns.
    turns: f64,
    /// The phasor of each sample of a block.
    table: Box<[Complex32; BLOCK]>,
    position: u64,
}

/// Returns exp(2πi · `turns`).
fn phasor(turns: f64) -> Complex32 {
    let (sin, cos) = ((turns - turns.round()) * TAU).sin_cos();
    Complex32::new(cos as f32, sin as f32)
}

impl Waveform for Shift {
    fn sample_rate(&self) -> f64 {
        self.waveform.sample_rate()
    }

    fn len(&self) -> u64 {
        self.waveform.len()
    }

    fn occupied_bandwidth(&self) -> Range<f64> {
        let band = self.waveform.occupied_bandwidth();
        band.start + self.hertz..band.end + self.hertz
    }

    fn fill(&mut self, out: &mut [Complex32]) -> std::io::Result<usize> {
        let filled = self.waveform.fill(out)?;
        let (mut rest, _) = out.split_at_mut(filled);
        while !rest.is_empty() {
            let within = (self.position % BLOCK as u64) as usize;
            let (now, later) = rest.split_at_mut((BLOCK - within).min(rest.len()));
            let base = phasor(self.turns * (self.position - within as u64) as f64);
            rotate(now, base, self.table.get(within..).unwrap_or_default());
            self.position += now.len() as u64;
            rest = later;
        }
        Ok(filled)
    }
}

/// Multiplies each sample by `base` and by its entry of the table.
#[multiversion(targets("x86_64+avx2+fma"))]
pub(crate) fn rotate(samples: &mut [Complex32], base: Complex32, table: &[Complex32]) {
    for (sample, entry) in samples.iter_mut().zip(table) {
        *sample *= base * entry;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Tone, drain};

    #[test]
    fn a_tone_moves_by_exactly_the_shift_and_stays_in_phase() {
        let rate = 48_000.0;
        let moved = drain(shift(Box::new(Tone::new(rate, 1000.0, 5000)), -3500.5), 777);
        let expected = drain(Box::new(Tone::new(rate, -2500.5, 5000)), 777);
        for (moved, expected) in moved.into_iter().zip(expected) {
            assert!((moved - expected).norm() < 1e-5);
        }
    }

    #[test]
    fn the_occupied_bandwidth_moves_with_the_signal() {
        let moved = shift(Box::new(Tone::new(8000.0, 1000.0, 10)), 250.0);
        assert_eq!(moved.occupied_bandwidth(), 1250.0..1250.0);
    }
}
