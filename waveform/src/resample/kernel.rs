//! The impulse response: a sinc under a Kaiser window, cut at the input samples into pieces, each a polynomial.

use super::piece::{ORDER, Piece};
use num_complex::Complex32;
use std::f64::consts::PI;

/// How far the stop band is down, in decibels. 70 are promised; the pieces are not exact.
const ATTENUATION: f64 = 80.0;

/// Kaiser's formula for the shape of the window at that attenuation (J. F. Kaiser, 1974).
const BETA: f64 = 0.1102 * (ATTENUATION - 8.7);

/// Input samples that are worked on at once; the number of taps is a multiple of it.
const LANES: usize = 4;

/// An impulse response as polynomials.
pub(super) struct Kernel {
    taps: usize,
    /// One row of weights for each coefficient of a [`Piece`]: for each tap its weight, twice, since it counts for the real and
    /// the imaginary part alike.
    rows: Vec<Box<[f32]>>,
}

impl Kernel {
    /// A low-pass filter with its edges in cycles per input sample, `0 < pass < stop`.
    pub(super) fn new(pass: f64, stop: f64, gain: f32) -> Self {
        let taps = ((ATTENUATION - 7.95) / (14.36 * (stop - pass))).ceil() as usize;
        let taps = taps.max(2).next_multiple_of(LANES);
        let cutoff = (pass + stop) / 2.0;
        let order = order(cutoff);
        let mut rows = vec![vec![0.0; 2 * taps].into_boxed_slice(); order];
        let half = taps as f64 / 2.0;
        for tap in 0..taps {
            // The window begins half its length before the interval; position runs from -1 to 1 over the interval.
            let response = |position: f64| {
                let time = half - 0.5 - tap as f64 + position / 2.0;
                f64::from(gain) * 2.0 * cutoff * sinc(2.0 * cutoff * time) * kaiser(time / half)
            };
            let weights = polynomial(order, response);
            for (row, weight) in rows.iter_mut().zip(weights) {
                row.iter_mut().skip(2 * tap).take(2).for_each(|lane| *lane = weight as f32);
            }
        }
        Self { taps, rows }
    }

    /// Input samples that one interval depends on.
    pub(super) fn taps(&self) -> usize {
        self.taps
    }

    /// The polynomial of an interval from the samples around it. Its first output lies `start` input samples after
    /// the beginning of the interval, each further one `step` later.
    pub(super) fn piece(&self, window: &[Complex32], start: f64, step: f64) -> Piece {
        let mut coefficients = [[0.0; 2]; ORDER];
        for (coefficient, row) in coefficients.iter_mut().zip(&self.rows) {
            *coefficient = weigh(row, window);
        }
        Piece::new(coefficients, 2.0 * start - 1.0, 2.0 * step)
    }
}

/// How many coefficients the pieces need. A wave of `cutoff` cycles over the interval is approximated on it by Chebyshev
/// polynomials with Bessel functions as coefficients; the first one left out, 2·J(π·cutoff) ≈ 2·(π·cutoff/2)ⁿ/n!, is the error.
fn order(cutoff: f64) -> usize {
    let mut error = 2.0;
    for order in 1..ORDER {
        error *= PI * cutoff / 2.0 / order as f64;
        if error < 1e-5 {
            return order;
        }
    }
    ORDER
}

fn weigh(row: &[f32], window: &[Complex32]) -> [f32; 2] {
    let mut sums = [0.0; 2 * LANES];
    for (weights, samples) in row.chunks_exact(2 * LANES).zip(window.chunks_exact(LANES)) {
        let parts = samples.iter().flat_map(|sample| [sample.re, sample.im]);
        for ((sum, weight), part) in sums.iter_mut().zip(weights).zip(parts) {
            *sum += weight * part;
        }
    }
    let [a, b, c, d, e, f, g, h] = sums;
    [(a + e) + (c + g), (b + f) + (d + h)]
}

/// The coefficients, lowest first, of the polynomial that meets `function` at the Chebyshev nodes of [-1, 1].
fn polynomial(order: usize, function: impl Fn(f64) -> f64) -> [f64; ORDER] {
    let nodes = (0..order).map(|node| PI * (node as f64 + 0.5) / order as f64);
    let values: Vec<_> = nodes.map(|angle| (angle, function(angle.cos()))).collect();
    let mut sum = [0.0; ORDER];
    // Chebyshev polynomials by their recurrence, T(n+1) = 2x·T(n) - T(n-1), from T(-1) = x and T(0) = 1.
    let (mut before, mut chebyshev) = ([0.0; ORDER], [0.0; ORDER]);
    before.iter_mut().skip(1).take(1).for_each(|x| *x = 1.0);
    chebyshev.iter_mut().take(1).for_each(|one| *one = 1.0);
    for n in 0..order {
        let norm = if n == 0 { 1.0 } else { 2.0 } / order as f64;
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

fn sinc(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { (PI * x).sin() / (PI * x) }
}

/// The Kaiser window over [-1, 1].
fn kaiser(x: f64) -> f64 {
    bessel(BETA * (1.0 - x * x).max(0.0).sqrt()) / bessel(BETA)
}

/// The modified Bessel function of order zero by its power series, which at our arguments of at most 8 is exact after
/// some 30 terms.
fn bessel(x: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 1.0;
    for k in 1..40 {
        term *= (x / 2.0 / f64::from(k)).powi(2);
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_polynomial_meets_a_function_that_is_one() {
        let found = polynomial(5, |x| 3.0 - x + 0.5 * x.powi(4));
        for (found, expected) in found.into_iter().zip([3.0, -1.0, 0.0, 0.0, 0.5, 0.0, 0.0]) {
            assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
        }
    }

    #[test]
    fn a_narrow_filter_needs_few_coefficients() {
        assert_eq!((order(0.01), order(0.5)), (3, ORDER));
    }
}
