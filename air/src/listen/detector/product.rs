//! Sidebands and Morse: the passband, moved down to sound.

use crate::listen::agc::Agc;
use crate::listen::level::{decibels, power};
use crate::listen::mode::CW_TONE;
use crate::listen::{Mode, Noise, Plans};
use challengectl_dsp::convolve::Convolver;
use challengectl_dsp::{Complex32, fir};
use std::f32::consts::SQRT_2;
use std::f64::consts::TAU;
use std::ops::Range;

/// Samples per second, and samples of a frame.
const RATE: f64 = 12_000.0;
const FRAME: usize = 240;

/// Taps of the filter: 40 ms, so that its transition band is 125 Hz wide, and its delay 20 ms.
const TAPS: usize = 481;

/// Seconds for which the gain stays when speech pauses; in Morse it recovers sooner.
const HANG: f32 = 1.1;
const CW_HANG: f32 = 0.2;

pub(crate) struct Product {
    filter: Convolver,
    width: f64,
    agc: Agc,
    /// The tone of the carrier, in turns per sample, and its phase.
    tone: f64,
    phase: f64,
}

impl Product {
    pub(super) fn new(mode: Mode, passband: &Range<f64>, plans: &mut Plans) -> Self {
        let (tone, hang) = if mode == Mode::Cw { (CW_TONE / RATE, CW_HANG) } else { (0.0, HANG) };
        let filter = Convolver::new(FRAME, TAPS, plans);
        let mut product = Self { filter, width: 0.0, agc: Agc::new(FRAME, hang), tone, phase: 0.0 };
        product.set(passband);
        product
    }

    pub(super) fn set(&mut self, passband: &Range<f64>) {
        self.filter.set(&fir::bandpass(TAPS, &(passband.start / RATE..passband.end / RATE)));
        self.width = passband.end - passband.start;
    }

    /// Forgets the level of the signal.
    pub(super) fn forget(&mut self) {
        self.agc.forget();
    }

    /// Returns the power in the passband.
    pub(super) fn run(&mut self, channel: &mut [Complex32], noise: Noise, audio: &mut Vec<f32>) -> f32 {
        self.filter.run(channel);
        let power = power(channel);
        for sample in channel {
            let (sin, cos) = (self.phase * TAU).sin_cos();
            // The real part has half the power.
            audio.push(SQRT_2 * (sample.re * cos as f32 - sample.im * sin as f32));
            self.phase = (self.phase + self.tone).fract();
        }
        self.agc.run(audio, decibels(power), noise.dbfs(self.width));
        power
    }
}
