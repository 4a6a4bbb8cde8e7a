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
    /// Where the first output sample lies, and how far it is to the next; the interval is [-1, 1].
    start: f32,
    step: f32,
}

impl Piece {
    /// From coefficients. The first output lies `start` input samples after the beginning of the interval, each further
    /// one `step` later.
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
        for (number, out) in (first..).zip(out.iter_mut().take(count.next_multiple_of(LANES))) {
            let position = mul_add::<FUSED>(number as f32, self.step, self.start);
            *out = Complex32::new(horner::<FUSED>(&self.re, position), horner::<FUSED>(&self.im, position));
        }
    }
}

#[inline(always)]
fn horner<const FUSED: bool>(coefficients: &[f32; ORDER], position: f32) -> f32 {
    let [lower @ .., highest] = coefficients;
    let mut value = *highest;
    for coefficient in lower.iter().rev() {
        value = mul_add::<FUSED>(value, position, *coefficient);
    }
    value
}
