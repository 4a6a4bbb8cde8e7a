//! The output between two input samples: a polynomial in time.

use num_complex::Complex32;

/// Coefficients of a polynomial: two registers of four. Degree 7 reaches 100 dB even if the signal fills the input
/// rate.
pub(super) const ORDER: usize = 8;

/// Output samples that the compiler vectorises.
const LANES: usize = 4;

/// A polynomial, and the positions of the output samples in it.
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
    /// Each is computed from its number by the same operations wherever a call begins, so that every way of cutting the
    /// run into calls gives the same bits. Samples of `out` after them may be overwritten: working on whole lanes
    /// avoids a slow loop for the remainder.
    pub(super) fn evaluate(&self, first: i32, count: usize, out: &mut [Complex32]) {
        for (number, out) in (first..).zip(out.iter_mut().take(count.next_multiple_of(LANES))) {
            let position = self.start + number as f32 * self.step;
            *out = Complex32::new(horner(&self.re, position), horner(&self.im, position));
        }
    }
}

#[inline(always)]
fn horner(coefficients: &[f32; ORDER], position: f32) -> f32 {
    coefficients.iter().rev().fold(0.0, |value, coefficient| value * position + coefficient)
}
