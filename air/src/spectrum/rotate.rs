//! Turns samples by a phase that grows evenly.

use challengectl_dsp::Complex32;
use std::f64::consts::TAU;

/// Samples after which the phase is computed anew in double precision, so that no error accumulates.
const RUN: usize = 256;

/// Returns e to the power of 2πi times `turns`.
pub(super) fn phasor(turns: f64) -> Complex32 {
    let (sin, cos) = ((turns - turns.round()) * TAU).sin_cos();
    Complex32::new(cos as f32, sin as f32)
}

/// Multiplies sample n by e to the power of 2πi (`start` + n `step`), both in turns.
pub(super) fn rotate(samples: &mut [Complex32], start: f64, step: f64) {
    let mut table = [Complex32::ZERO; RUN];
    table.iter_mut().take(samples.len()).enumerate().for_each(|(n, turn)| *turn = phasor(step * n as f64));
    for (run, samples) in samples.chunks_mut(RUN).enumerate() {
        let base = phasor(start + step * (run * RUN) as f64);
        samples.iter_mut().zip(&table).for_each(|(sample, turn)| *sample *= base * turn);
    }
}
