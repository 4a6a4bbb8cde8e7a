//! The output between two input samples: a polynomial in time.

use num_complex::Complex32;

/// Coefficients of a polynomial. Degree 6 is good for 80 dB when the signal fills the rate that it comes from.
pub(super) const ORDER: usize = 7;

/// Output samples that are worked on at once: two registers of four lanes, so that additions and multiplications of
/// one hide the latency of the other.
const LANES: usize = 4;

/// A polynomial, and where in it the output samples lie.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Piece {
    /// Real and imaginary part, lowest power first.
    coefficients: [[f32; 2]; ORDER],
    /// Where the first output sample lies, and how far it is to the next; the interval is [-1, 1].
    start: f32,
    step: f32,
}

impl Piece {
    pub(super) fn new(coefficients: [[f32; 2]; ORDER], start: f64, step: f64) -> Self {
        Self { coefficients, start: start as f32, step: step as f32 }
    }

    /// The output samples from number `first` on, with magnitudes of at most `limit`.
    ///
    /// Each is computed from its number by the same operations wherever a call begins, so that all ways of
    /// cutting the run into calls give the same bits.
    pub(super) fn evaluate(&self, first: u64, limit: f32, out: &mut [Complex32]) {
        let mut number = first as f32;
        let mut chunks = out.chunks_exact_mut(LANES);
        for chunk in &mut chunks {
            self.store(number, limit, chunk);
            number += LANES as f32;
        }
        self.store(number, limit, chunks.into_remainder());
    }

    #[inline(always)]
    fn store(&self, number: f32, limit: f32, out: &mut [Complex32]) {
        let parts = self.horner(number);
        let [a, b, c, d, e, f, g, h] = parts;
        let samples = [Complex32::new(a, b), Complex32::new(c, d), Complex32::new(e, f), Complex32::new(g, h)];
        let highest = samples.iter().fold(0.0, |highest: f32, sample| highest.max(sample.norm_sqr()));
        out.iter_mut().zip(samples).for_each(|(out, sample)| *out = sample);
        if highest > limit * limit {
            out.iter_mut().for_each(|sample| *sample = limited(*sample, limit));
        }
    }

    #[inline(always)]
    fn horner(&self, number: f32) -> [f32; 2 * LANES] {
        let position: [f32; 2 * LANES] =
            std::array::from_fn(|lane| self.start + (number + (lane / 2) as f32) * self.step);
        let mut value = [0.0; 2 * LANES];
        for &[re, im] in self.coefficients.iter().rev() {
            let coefficient: [f32; 2 * LANES] = std::array::from_fn(|lane| if lane % 2 == 0 { re } else { im });
            for ((value, position), coefficient) in value.iter_mut().zip(position).zip(coefficient) {
                *value = *value * position + coefficient;
            }
        }
        value
    }
}

/// The sample with its phase, and no more than `limit` of its magnitude.
#[cold]
fn limited(sample: Complex32, limit: f32) -> Complex32 {
    let square = sample.norm_sqr();
    // A rounding error above the limit is still above it.
    if square > limit * limit { sample * (limit / square.sqrt() * (1.0 - f32::EPSILON)) } else { sample }
}
