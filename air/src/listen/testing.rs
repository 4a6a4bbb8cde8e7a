//! Signals for the tests of this module.

use super::channel::Channel;
use super::{Band, Bins, Demodulator, Noise, Plans, Transformer, Tuning, View, Waterfall};
use crate::block::Block;
use challengectl_dsp::Complex32;
use std::f64::consts::TAU;
use std::ops::Range;
use std::sync::LazyLock;

pub(super) static BAND: LazyLock<Band> = LazyLock::new(|| Band::new(145e6, 2_048_000).unwrap());
const RATE: f64 = 2_048_000.0;

/// Samples of 0.4 seconds.
const LEN: usize = 819_200;

/// Makes a signal of 0.4 seconds from its phase, in turns, and its amplitude at each time in seconds.
pub(super) fn signal(of: impl Fn(f64) -> (f64, f64)) -> Vec<Complex32> {
    let sample = |n| {
        let (turns, amplitude) = of(n as f64 / RATE);
        let (sin, cos) = (turns.fract() * TAU).sin_cos();
        Complex32::new((amplitude * cos) as f32, (amplitude * sin) as f32)
    };
    (0..LEN).map(sample).collect()
}

/// Makes a tone `hertz` above the centre.
pub(super) fn tone(hertz: f64, amplitude: f64) -> Vec<Complex32> {
    signal(|time| (hertz * time, amplitude))
}

/// Makes noise whose real and imaginary parts have this standard deviation (the sum of 12 even distributions).
pub(super) fn gaussian(deviation: f32) -> Vec<Complex32> {
    let mut state = 1u64;
    let mut even = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / 16_777_216.0
    };
    let mut normal = move || ((0..12).map(|_| even()).sum::<f32>() - 6.0) * deviation;
    (0..LEN).map(|_| Complex32::new(normal(), normal())).collect()
}

/// Cuts samples into blocks of an odd length, and calls `each` for every frame.
fn frames(samples: &[Complex32], plans: &mut Plans, mut each: impl FnMut(&Bins, &mut Plans)) {
    let mut transformer = Transformer::new(*BAND, plans);
    for (number, chunk) in samples.chunks(4097).enumerate() {
        let block = Block { first: 4097 * number as u64, samples: chunk.into() };
        transformer.push(&block, |bins| each(bins, plans));
    }
}

pub(super) fn channel_of(samples: &[Complex32], rate: u32, offset: f64, passband: &Range<f64>) -> Vec<Complex32> {
    let mut plans = Plans::new();
    let mut channel = Channel::new(rate, passband, &mut plans);
    let (mut all, mut frame) = (Vec::new(), Vec::new());
    frames(samples, &mut plans, |bins, _| {
        channel.run(bins, offset, &mut frame);
        all.extend_from_slice(&frame);
    });
    all
}

/// Returns all rows of a signal in a view, with the noise at each.
pub(super) fn rows(samples: &[Complex32], view: &View) -> Vec<(Noise, Vec<u8>)> {
    let mut waterfall = Waterfall::new(*BAND);
    let mut rows = Vec::new();
    frames(samples, &mut Plans::new(), |bins, _| {
        if waterfall.push(bins) {
            let mut row = Vec::new();
            waterfall.row(view, &mut row);
            rows.push((waterfall.noise(), row));
        }
    });
    rows
}

/// Returns the sound of a signal, full scale 1, without its first 0.2 seconds.
pub(super) fn heard(samples: &[Complex32], tuning: Tuning) -> Vec<f32> {
    let mut plans = Plans::new();
    let mut waterfall = Waterfall::new(*BAND);
    let rate = tuning.mode().audio_rate() as usize;
    let mut demodulator = Demodulator::new(tuning, &mut plans);
    let mut pcm = Vec::new();
    frames(samples, &mut plans, |bins, _| {
        waterfall.push(bins);
        demodulator.run(bins, waterfall.noise(), &mut pcm);
    });
    let (samples, _) = pcm.as_chunks::<2>();
    samples.iter().skip(rate / 5).map(|bytes| f32::from(i16::from_le_bytes(*bytes)) / 32_767.0).collect()
}
