//! Helpers for the tests.

use crate::Waveform;
use num_complex::Complex32;
use std::f64::consts::TAU;
use std::ops::Range;

/// A full-scale tone.
pub(crate) struct Tone {
    rate: f64,
    hertz: f64,
    len: u64,
    position: u64,
}

impl Tone {
    pub(crate) fn new(rate: f64, hertz: f64, len: u64) -> Self {
        Self { rate, hertz, len, position: 0 }
    }
}

impl Waveform for Tone {
    fn sample_rate(&self) -> f64 {
        self.rate
    }

    fn len(&self) -> u64 {
        self.len
    }

    fn occupied_bandwidth(&self) -> Range<f64> {
        self.hertz..self.hertz
    }

    fn fill(&mut self, out: &mut [Complex32]) -> std::io::Result<usize> {
        let mut filled = 0;
        for (sample, position) in out.iter_mut().zip(self.position..self.len) {
            *sample = tone(self.hertz / self.rate * position as f64);
            filled += 1;
        }
        self.position += filled as u64;
        Ok(filled)
    }
}

fn tone(turns: f64) -> Complex32 {
    let (sin, cos) = (turns.fract() * TAU).sin_cos();
    Complex32::new(cos as f32, sin as f32)
}

/// Returns all samples, fetched in calls of `chunk`.
pub(crate) fn drain(mut waveform: Box<dyn Waveform>, chunk: usize) -> Vec<Complex32> {
    let mut samples = vec![];
    let mut block = vec![Complex32::ZERO; chunk];
    loop {
        let filled = waveform.fill(&mut block).unwrap();
        samples.extend(&block[..filled]);
        if filled < chunk {
            assert_eq!(samples.len() as u64, waveform.len());
            return samples;
        }
    }
}

/// Returns the magnitude of the tone at `hertz`, under a window whose side lobes are 92 dB down.
pub(crate) fn level(samples: &[Complex32], rate: f64, hertz: f64) -> f64 {
    let mut sum = num_complex::Complex64::ZERO;
    let mut weights = 0.0;
    for (n, sample) in samples.iter().enumerate() {
        let at = TAU * (n as f64 + 0.5) / samples.len() as f64;
        let weight = 0.35875 - 0.48829 * at.cos() + 0.14128 * (2.0 * at).cos() - 0.01168 * (3.0 * at).cos();
        let turns = -hertz / rate * n as f64;
        sum += num_complex::Complex64::new(sample.re.into(), sample.im.into())
            * num_complex::Complex64::cis(turns.fract() * TAU)
            * weight;
        weights += weight;
    }
    sum.norm() / weights
}

pub(crate) fn decibels(ratio: f64) -> f64 {
    20.0 * ratio.log10()
}
