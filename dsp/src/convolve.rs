//! Fast convolution: a long filter by way of the Fourier transform (overlap-save).

use num_complex::Complex32;
use rustfft::{Fft, FftPlanner};
use std::sync::Arc;

/// A filter with complex taps that takes and gives blocks of one length.
pub struct Convolver {
    forward: Arc<dyn Fft<f32>>,
    inverse: Arc<dyn Fft<f32>>,
    /// What the taps do to each frequency, with the scale of the two transforms.
    response: Vec<Complex32>,
    /// The end of the samples before, then the block.
    window: Vec<Complex32>,
    work: Vec<Complex32>,
    scratch: Vec<Complex32>,
    block: usize,
}

impl Convolver {
    /// For blocks of `block` samples and at most `most` taps.
    #[must_use]
    pub fn new(block: usize, most: usize, planner: &mut FftPlanner<f32>) -> Self {
        let size = block + most.saturating_sub(1);
        let (forward, inverse) = (planner.plan_fft_forward(size), planner.plan_fft_inverse(size));
        let scratch = forward.get_inplace_scratch_len().max(inverse.get_inplace_scratch_len());
        let zeros = vec![Complex32::ZERO; size];
        Self {
            response: zeros.clone(),
            window: zeros.clone(),
            work: zeros,
            scratch: vec![Complex32::ZERO; scratch],
            forward,
            inverse,
            block,
        }
    }

    /// Uses these taps from the next block on; those beyond the number that was announced are ignored.
    pub fn set(&mut self, taps: &[Complex32]) {
        let taps = taps.iter().take(self.window.len() + 1 - self.block);
        self.response.fill(Complex32::ZERO);
        let scale = 1.0 / self.response.len() as f32;
        self.response.iter_mut().zip(taps).for_each(|(response, tap)| *response = tap * scale);
        self.forward.process_with_scratch(&mut self.response, &mut self.scratch);
    }

    /// Filters one block in place.
    pub fn run(&mut self, samples: &mut [Complex32]) {
        debug_assert_eq!(samples.len(), self.block, "blocks have one length");
        let kept = self.window.len() - self.block;
        self.window.copy_within(self.block.., 0);
        self.window.iter_mut().skip(kept).zip(samples.iter()).for_each(|(kept, sample)| *kept = *sample);
        self.work.copy_from_slice(&self.window);
        self.forward.process_with_scratch(&mut self.work, &mut self.scratch);
        self.work.iter_mut().zip(&self.response).for_each(|(bin, response)| *bin *= response);
        self.inverse.process_with_scratch(&mut self.work, &mut self.scratch);
        // What comes before has wrapped around.
        samples.iter_mut().zip(self.work.iter().skip(kept)).for_each(|(sample, filtered)| *sample = *filtered);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_come_out_as_if_each_sum_had_been_computed() {
        let noise = |seed: u32| {
            let mut state = seed;
            std::iter::repeat_with(move || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / 8_388_608.0 - 1.0
            })
        };
        let taps: Vec<_> = noise(1).zip(noise(2)).take(25).map(|(re, im)| Complex32::new(re, im)).collect();
        let input: Vec<_> = noise(3).zip(noise(4)).take(200).map(|(re, im)| Complex32::new(re, im)).collect();
        let mut convolver = Convolver::new(40, 25, &mut FftPlanner::new());
        convolver.set(&taps);
        let mut output = input.clone();
        output.chunks_mut(40).for_each(|block| convolver.run(block));
        for (at, found) in output.into_iter().enumerate() {
            let terms =
                taps.iter().enumerate().filter(|(tap, _)| *tap <= at).map(|(tap, weight)| weight * input[at - tap]);
            let expected: Complex32 = terms.sum();
            assert!((found - expected).norm() < 1e-4, "sample {at}");
        }
    }
}
