//! Filters of finite impulse response: an ideal filter under a Kaiser window, with the stop band 80 dB down.

use crate::window::{kaiser, sinc, taps};
use num_complex::Complex32;
use std::f64::consts::TAU;
use std::ops::Range;

/// The odd number of taps with which a filter falls from pass to stop band within `transition` cycles per sample.
#[must_use]
pub fn length(transition: f64) -> usize {
    taps(transition) | 1
}

/// A low-pass filter of unit gain at 0 Hz. It is 6 dB down at `cutoff`, in cycles per sample, 0 to 0.5.
#[must_use]
pub fn lowpass(taps: usize, cutoff: f64) -> Vec<f32> {
    weights(taps, cutoff).map(|weight| weight as f32).collect()
}

/// A filter of unit gain in the middle of `band`, in cycles per sample, -0.5 to 0.5. It is 6 dB down at the edges, and
/// passes no image: its taps are complex. The delay is half its length for all frequencies.
#[must_use]
pub fn bandpass(taps: usize, band: &Range<f64>) -> Vec<Complex32> {
    let centre = (band.start + band.end) / 2.0;
    let middle = (taps as f64 - 1.0) / 2.0;
    let weights = weights(taps, (band.end - band.start) / 2.0);
    let turned = weights.enumerate().map(|(tap, weight)| {
        let (sin, cos) = (TAU * centre * (tap as f64 - middle)).sin_cos();
        Complex32::new((weight * cos) as f32, (weight * sin) as f32)
    });
    turned.collect()
}

fn weights(taps: usize, cutoff: f64) -> impl Iterator<Item = f64> {
    let middle = (taps as f64 - 1.0) / 2.0;
    // The window ends beyond the outer taps, where it would be too small to be worth one.
    let half = middle + 0.5;
    let weight = move |tap: usize| {
        let time = tap as f64 - middle;
        sinc(2.0 * cutoff * time) * kaiser(time / half)
    };
    let gain = 1.0 / (0..taps).map(weight).sum::<f64>();
    (0..taps).map(move |tap| gain * weight(tap))
}

/// A low-pass filter for real samples that keeps one of every `factor`.
pub struct Decimator {
    taps: Vec<f32>,
    factor: usize,
    /// The samples that the next output depends on, and behind them those of the current call.
    samples: Vec<f32>,
}

impl Decimator {
    /// Flat up to `pass` and 80 dB down from `stop` on, both in cycles per input sample.
    #[must_use]
    pub fn new(pass: f64, stop: f64, factor: usize) -> Self {
        let taps = lowpass(length(stop - pass), (pass + stop) / 2.0);
        Self { samples: vec![0.0; taps.len() - 1], taps, factor }
    }

    /// Filters `input`, whose length is a multiple of the factor, and appends what is kept to `out`.
    pub fn run(&mut self, input: &[f32], out: &mut Vec<f32>) {
        self.samples.extend_from_slice(input);
        // The first window ends with the first new sample.
        let windows = self.samples.windows(self.taps.len()).step_by(self.factor);
        out.extend(windows.map(|window| dot(&self.taps, window)));
        self.samples.drain(..input.len());
    }
}

/// The sum of products. In lanes, since the compiler keeps the order of a single sum and so cannot use SIMD for it.
fn dot(taps: &[f32], samples: &[f32]) -> f32 {
    const LANES: usize = 16;
    let (taps, few_taps) = taps.as_chunks::<LANES>();
    let (samples, few_samples) = samples.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for (taps, samples) in taps.iter().zip(samples) {
        for ((sum, tap), sample) in sums.iter_mut().zip(taps).zip(samples) {
            *sum += tap * sample;
        }
    }
    sums.iter().sum::<f32>() + few_taps.iter().zip(few_samples).map(|(tap, sample)| tap * sample).sum::<f32>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::decibels;

    /// The gain at a frequency in cycles per sample.
    fn gain(taps: &[Complex32], frequency: f64) -> f64 {
        let terms = taps.iter().enumerate().map(|(tap, weight)| {
            let turned = num_complex::Complex64::cis(-TAU * frequency * tap as f64);
            num_complex::Complex64::new(weight.re.into(), weight.im.into()) * turned
        });
        decibels(terms.sum::<num_complex::Complex64>().norm())
    }

    #[test]
    fn a_band_pass_is_flat_within_its_edges_and_80_db_down_beside_them_and_at_its_image() {
        let taps = bandpass(length(0.02), &(0.05..0.2));
        for frequency in [0.061, 0.1, 0.125, 0.189] {
            assert!(gain(&taps, frequency).abs() < 0.01, "{} dB at {frequency}", gain(&taps, frequency));
        }
        assert!((gain(&taps, 0.05) + 6.0).abs() < 0.1 && (gain(&taps, 0.2) + 6.0).abs() < 0.1);
        for frequency in [0.039, 0.0, -0.05, -0.125, 0.211, 0.4] {
            assert!(gain(&taps, frequency) < -79.0, "{} dB at {frequency}", gain(&taps, frequency));
        }
    }

    #[test]
    fn a_decimated_tone_keeps_its_level_and_an_alias_is_80_db_down() {
        let level = |frequency: f64| {
            let mut decimator = Decimator::new(0.15, 0.2, 3);
            let input: Vec<_> = (0..3000).map(|n| (TAU * frequency * f64::from(n)).sin() as f32).collect();
            let mut out = Vec::new();
            input.chunks(300).for_each(|chunk| decimator.run(chunk, &mut out));
            assert_eq!(out.len(), 1000);
            let settled = &out[100..];
            decibels((settled.iter().map(|x| f64::from(x * x)).sum::<f64>() * 2.0 / settled.len() as f64).sqrt())
        };
        assert!(level(0.05).abs() < 0.02);
        assert!(level(0.14).abs() < 0.02);
        assert!(level(0.21) < -75.0, "{}", level(0.21));
    }
}
