//! The impulse response: a sinc under a Kaiser window, cut at the input samples into pieces, each a polynomial.

use super::piece::{ORDER, Piece};
use crate::lanes::mul_add;
use crate::window::{self, kaiser, sinc};
use num_complex::Complex32;
use std::f64::consts::PI;

/// Sums side by side: with four, of two parts each, the processor does not wait for any and has registers for all.
const SUMS: usize = 4;

/// An impulse response as polynomials.
pub(super) struct Kernel {
    /// For each tap, the weight of its sample in each coefficient of a [`Piece`].
    taps: Box<[[f32; ORDER]]>,
}

impl Kernel {
    /// Creates a low-pass filter with its edges in cycles per input sample, `0 < pass < stop`.
    pub(super) fn new(pass: f64, stop: f64, gain: f32) -> Self {
        // 70 dB are promised of the window's 80: the pieces are not exact.
        let taps = window::taps(stop - pass).next_multiple_of(SUMS);
        let cutoff = (pass + stop) / 2.0;
        let half = taps as f64 / 2.0;
        let weights = (0..taps).map(|tap| {
            // The window begins half its length before the interval; `position` runs from -1 to 1 over the interval.
            polynomial(|position| {
                let time = half - 0.5 - tap as f64 + position / 2.0;
                f64::from(gain) * 2.0 * cutoff * sinc(2.0 * cutoff * time) * kaiser(time / half)
            })
        });
        Self { taps: weights.map(|weights| weights.map(|weight| weight as f32)).collect() }
    }

    /// Input samples that one interval depends on; a multiple of four.
    pub(super) fn taps(&self) -> usize {
        self.taps.len()
    }

    /// The polynomial of an interval from the samples around it. Its first output lies `start` input samples after
    /// the beginning of the interval, each further one `step` later.
    #[inline(always)]
    pub(super) fn piece<const FUSED: bool>(&self, window: &[Complex32], start: f64, step: f64) -> Piece {
        // Several sums side by side: each must wait for its one before.
        let mut re = [[0.0; ORDER]; SUMS];
        let mut im = [[0.0; ORDER]; SUMS];
        let (taps, _) = self.taps.as_chunks::<SUMS>();
        let (samples, _) = window.as_chunks::<SUMS>();
        for (taps, samples) in taps.iter().zip(samples) {
            for (((re, im), weights), sample) in re.iter_mut().zip(&mut im).zip(taps).zip(samples) {
                add::<FUSED>(re, weights, sample.re);
                add::<FUSED>(im, weights, sample.im);
            }
        }
        Piece::new(total(re), total(im), start, step)
    }

    /// Like [`piece`](Self::piece), of samples whose imaginary parts are 0: half the work.
    #[inline(always)]
    pub(super) fn piece_of_reals<const FUSED: bool>(&self, window: &[Complex32], start: f64, step: f64) -> Piece {
        let mut re = [[0.0; ORDER]; SUMS];
        let (taps, _) = self.taps.as_chunks::<SUMS>();
        let (samples, _) = window.as_chunks::<SUMS>();
        for (taps, samples) in taps.iter().zip(samples) {
            for ((re, weights), sample) in re.iter_mut().zip(taps).zip(samples) {
                add::<FUSED>(re, weights, sample.re);
            }
        }
        Piece::new(total(re), [0.0; ORDER], start, step)
    }
}

#[inline(always)]
fn add<const FUSED: bool>(sums: &mut [f32; ORDER], weights: &[f32; ORDER], sample: f32) {
    for (sum, weight) in sums.iter_mut().zip(weights) {
        *sum = mul_add::<FUSED>(*weight, sample, *sum);
    }
}

#[inline(always)]
fn total(sums: [[f32; ORDER]; SUMS]) -> [f32; ORDER] {
    let mut total = [0.0; ORDER];
    for sums in &sums {
        for (total, sum) in total.iter_mut().zip(sums) {
            *total += sum;
        }
    }
    total
}

/// The coefficients, lowest first, of the polynomial that meets `function` at the Chebyshev nodes of [-1, 1].
fn polynomial(function: impl Fn(f64) -> f64) -> [f64; ORDER] {
    let nodes = (0..ORDER).map(|node| PI * (node as f64 + 0.5) / ORDER as f64);
    let values: Vec<_> = nodes.map(|angle| (angle, function(angle.cos()))).collect();
    let mut sum = [0.0; ORDER];
    // Chebyshev polynomials by their recurrence, T(n+1) = 2x·T(n) - T(n-1), from T(-1) = x and T(0) = 1.
    let (mut before, mut chebyshev) = ([0.0; ORDER], [0.0; ORDER]);
    before[1] = 1.0;
    chebyshev[0] = 1.0;
    for n in 0..ORDER {
        let norm = if n == 0 { 1.0 } else { 2.0 } / ORDER as f64;
        let weight: f64 = values.iter().map(|(angle, value)| norm * value * (n as f64 * angle).cos()).sum();
        for (sum, term) in sum.iter_mut().zip(chebyshev) {
            *sum += weight * term;
        }
        let shifted = std::iter::once(0.0).chain(chebyshev);
        let mut after = before;
        for (after, shifted) in after.iter_mut().zip(shifted) {
            *after = 2.0 * shifted - *after;
        }
        (before, chebyshev) = (chebyshev, after);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interpolation_of_a_polynomial_is_exact() {
        let found = polynomial(|x| 3.0 - x + 0.5 * x.powi(4));
        for (found, expected) in found.into_iter().zip([3.0, -1.0, 0.0, 0.0, 0.5, 0.0, 0.0, 0.0]) {
            assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
        }
    }
}
