//! The converter: complex floats to pairs of bytes.

use crate::spectrum::Noise;
use challengectl_dsp::Complex32;

/// Root mean square of the converter's own noise on each axis, in steps. It is the dither, and the least at which a signal
/// of less than a step keeps its level: at 0.35, one of -50 dB would come out 0.6 dB too strong.
pub const ADC_NOISE_LSB: f32 = 0.5;

/// Steps from the middle to full scale.
const SCALE: f32 = 127.0;

/// The middle. Zero lies between two steps, as in a dongle.
const MIDDLE: f32 = 127.5;

/// 2^23: a float of this size has no fraction, so that adding it rounds to the nearest integer, which is then in the lowest
/// bits. Unlike a conversion, which must check for values beyond the type, this is vectorised.
const ROUNDING: f32 = 8_388_608.0;

/// Appends samples as unsigned bytes, I before Q. With a `gain` of 1.0 an amplitude of 1.0 is full scale; beyond, samples
/// are clipped. `stream`, and `first`, the number of the first sample, select the noise of the converter.
pub fn quantise(samples: &[Complex32], gain: f32, noise: &Noise, stream: u64, first: u64, out: &mut Vec<u8>) {
    let begin = out.len();
    out.resize(begin + 2 * samples.len(), 0);
    let (pairs, _) = out.get_mut(begin..).unwrap_or_default().as_chunks_mut::<2>();
    let run = noise.run_len();
    for (n, (pairs, samples)) in pairs.chunks_mut(run).zip(samples.chunks(run)).enumerate() {
        convert(samples, gain * SCALE, noise.run(stream, first, n as u64), pairs);
    }
}

fn convert(samples: &[Complex32], gain: f32, noise: &[Complex32], out: &mut [[u8; 2]]) {
    for ((out, sample), noise) in out.iter_mut().zip(samples).zip(noise) {
        *out = [byte(sample.re * gain + noise.re * ADC_NOISE_LSB), byte(sample.im * gain + noise.im * ADC_NOISE_LSB)];
    }
}

#[inline(always)]
fn byte(steps: f32) -> u8 {
    ((steps + MIDDLE).clamp(0.0, 255.0) + ROUNDING).to_bits() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_the_nearest_steps_and_full_scale_is_cut() {
        for (steps, expected) in
            [(0.4, 128), (-0.4, 127), (127.0, 254), (-127.0, 0), (127.5, 255), (1e9, 255), (-1e9, 0)]
        {
            assert_eq!(byte(steps), expected, "{steps}");
        }
        assert_eq!(byte(f32::NAN), 0);
    }
}
