//! Frequency modulation: the rate at which the phase turns.

use super::angle::angle;
use crate::listen::Mode;
use challengectl_dsp::Complex32;
use challengectl_dsp::fir::Decimator;
use std::f64::consts::TAU;

/// Deviation in hertz that is full scale in narrowband FM: the 5 kHz of a 25 kHz channel, and 3 kHz for a frequency error,
/// which is a constant until the high-pass filter has removed it.
const NARROW: f64 = 8_000.0;

/// The same in wideband FM: 75 kHz, and some room.
const WIDE: f64 = 100_000.0;

/// The corner of the high-pass filter that removes the frequency error, in hertz: below every tone, and slow enough not
/// to bend the level of a page at 512 bit/s.
const CORNER: f64 = 3.0;

pub(crate) struct Discriminator {
    last: Complex32,
    /// Parts of full scale for each radian per sample.
    gain: f32,
    turns: Vec<f32>,
    decimator: Decimator,
    audio_rate: f64,
    /// The frequency error, and the part of a change that each sample follows.
    offset: f32,
    follow: f32,
    /// The low-pass filter of the de-emphasis: its state, and the part that remains after each sample.
    smooth: f32,
    decay: f32,
}

impl Discriminator {
    /// Creates a discriminator for one of the two modes; `deemphasis` is in microseconds.
    pub(super) fn new(mode: Mode, deemphasis: f64) -> Self {
        let (rate, audio_rate) = (f64::from(mode.channel_rate()), f64::from(mode.audio_rate()));
        // The sound of wideband FM ends below the pilot tone of stereo, at 19 kHz.
        let (full, pass, stop) = if mode == Mode::Wbfm { (WIDE, 15e3, 19e3) } else { (NARROW, 5.2e3, 6.8e3) };
        let factor = (mode.channel_rate() / mode.audio_rate()) as usize;
        let mut discriminator = Self {
            last: Complex32::ZERO,
            gain: (rate / TAU / full) as f32,
            turns: Vec::new(),
            decimator: Decimator::new(pass / rate, stop / rate, factor),
            audio_rate,
            offset: 0.0,
            follow: (TAU * CORNER / audio_rate) as f32,
            smooth: 0.0,
            decay: 0.0,
        };
        discriminator.set(deemphasis);
        discriminator
    }

    pub(super) fn set(&mut self, deemphasis: f64) {
        let samples = self.audio_rate * deemphasis * 1e-6;
        self.decay = if samples > 0.0 { (-1.0 / samples).exp() as f32 } else { 0.0 };
    }

    pub(super) fn run(&mut self, channel: &[Complex32], audio: &mut Vec<f32>) {
        let before = std::iter::once(&self.last).chain(channel);
        self.turns.clear();
        self.turns.extend(channel.iter().zip(before).map(|(now, before)| self.gain * angle(now * before.conj())));
        self.last = channel.last().copied().unwrap_or_default();
        self.decimator.run(&self.turns, audio);
        for sample in audio {
            self.offset += self.follow * (*sample - self.offset);
            self.smooth = (1.0 - self.decay) * (*sample - self.offset) + self.decay * self.smooth;
            *sample = self.smooth;
        }
    }
}
