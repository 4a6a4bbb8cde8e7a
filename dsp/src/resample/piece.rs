//! The output between two input samples: a polynomial in time.

use crate::lanes::{LANES, mul_add};
use num_complex::Complex32;

/// Coefficients of a polynomial: one register of eight, or two of four. Degree 7 is good for 100 dB when the signal
/// fills the rate that it comes from.
pub(super) const ORDER: usize = 8;

/// A polynomial, and where in it the output samples lie.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Piece {
    /// Coefficients, lowest power first.
    re: [f32; ORDER],
    im: [f32; ORDER],
    /// The position of the first output sample, and the distance to the next; the interval is [-1, 1].
    start: f32,
    step: f32,
}

impl Piece {
    /// Creates a piece from coefficients. The first output sample lies `start` input samples after the beginning of the
    /// interval, each further one `step` later.
    #[inline(always)]
    pub(super) fn new(re: [f32; ORDER], im: [f32; ORDER], start: f64, step: f64) -> Self {
        Self { re, im, start: (2.0 * start - 1.0) as f32, step: (2.0 * step) as f32 }
    }

    /// Writes `count` output samples from number `first` on.
    ///
    /// Each is computed from its number by the same operations wherever a call begins, so that all ways of
    /// cutting the run into calls give the same bits. What follows in `out` may be overwritten: whole lanes spare
    /// the slow loop that the compiler makes for the rest.
    #[inline(always)]
    pub(super) fn evaluate<const FUSED: bool>(&self, first: i32, count: usize, out: &mut [Complex32]) {
        let (whole, rest) = out.as_chunks_mut::<LANES>();
        let mut number = first;
        for lanes in whole.iter_mut().take(count.div_ceil(LANES)) {
            *lanes = self.at::<FUSED, LANES>(number);
            number += LANES as i32;
        }
        let left = (first + count as i32 - number).max(0) as usize;
        for (sample, number) in rest.iter_mut().take(left).zip(number..) {
            [*sample] = self.at::<FUSED, 1>(number);
        }
    }

    /// Computes `N` output samples from number `first` on.
    #[inline(always)]
    fn at<const FUSED: bool, const N: usize>(&self, first: i32) -> [Complex32; N] {
        let mut positions = [0.0; N];
        for (position, number) in positions.iter_mut().zip(first..) {
            *position = mul_add::<FUSED>(number as f32, self.step, self.start);
        }
        let (re, im) = (horner::<FUSED, N>(&self.re, &positions), horner::<FUSED, N>(&self.im, &positions));
        let mut samples = [Complex32::ZERO; N];
        for (sample, (re, im)) in samples.iter_mut().zip(re.into_iter().zip(im)) {
            *sample = Complex32::new(re, im);
        }
        samples
    }
}

/// The polynomial at several positions.
#[inline(always)]
fn horner<const FUSED: bool, const N: usize>(coefficients: &[f32; ORDER], positions: &[f32; N]) -> [f32; N] {
    let [lower @ .., highest] = coefficients;
    let mut values = [*highest; N];
    for coefficient in lower.iter().rev() {
        for (value, position) in values.iter_mut().zip(positions) {
            *value = mul_add::<FUSED>(*value, *position, *coefficient);
        }
    }
    values
}
