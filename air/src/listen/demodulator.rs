//! The sound of one listener, from the spectrum of the band.

use super::channel::Channel;
use super::detector::Detector;
use super::level::decibels;
use super::squelch::Squelch;
use super::{Bins, Level, Noise, Plans, Tuning};
use challengectl_dsp::Complex32;

/// Hertz by which a listener tunes to another signal, whose level is unrelated to the one before.
const OTHER_SIGNAL: f64 = 1_000.0;

/// Demodulates one channel.
pub struct Demodulator {
    tuning: Tuning,
    channel: Channel,
    detector: Detector,
    squelch: Squelch,
    samples: Vec<Complex32>,
    audio: Vec<f32>,
}

impl Demodulator {
    /// Creates a demodulator of this tuning.
    #[must_use]
    pub fn new(tuning: Tuning, plans: &mut Plans) -> Self {
        let passband = Detector::channel_passband(tuning.mode(), tuning.passband());
        Self {
            channel: Channel::new(tuning.mode().channel_rate(), &passband, plans),
            detector: Detector::new(&tuning, plans),
            squelch: Squelch::default(),
            samples: Vec::new(),
            audio: Vec::new(),
            tuning,
        }
    }

    /// Changes the tuning from the next frame on. In the same mode the sound goes on without a break.
    pub fn retune(&mut self, tuning: Tuning, plans: &mut Plans) {
        if tuning.mode() != self.tuning.mode() {
            *self = Self::new(tuning, plans);
            return;
        }
        if tuning.passband() != self.tuning.passband() {
            self.channel.set(&Detector::channel_passband(tuning.mode(), tuning.passband()));
        }
        let moved = (tuning.hertz() - self.tuning.hertz()).abs();
        self.detector.set(&tuning, moved > OTHER_SIGNAL);
        self.tuning = tuning;
    }

    /// Returns the tuning.
    #[must_use]
    pub fn tuning(&self) -> &Tuning {
        &self.tuning
    }

    /// Appends 20 ms of sound to `pcm`, as 16-bit samples in little-endian order, at the mode's audio rate.
    pub fn run(&mut self, bins: &Bins, noise: Noise, pcm: &mut Vec<u8>) -> Level {
        let offset = self.tuning.hertz() - bins.band().centre();
        self.channel.run(bins, offset, &mut self.samples);
        let power = self.detector.run(&mut self.samples, noise, &mut self.audio);

        let passband = self.tuning.passband();
        let (dbfs, noise_dbfs) = (decibels(power), noise.dbfs(passband.end - passband.start));
        let is_open = self.squelch.lets_through(self.tuning.squelch(), dbfs - noise_dbfs);
        let gain = if is_open { f32::from(i16::MAX) } else { 0.0 };
        let samples = self.audio.iter().map(|sample| (sample.clamp(-1.0, 1.0) * gain).round() as i16);
        pcm.extend(samples.flat_map(i16::to_le_bytes));
        Level { dbfs, noise_dbfs, is_open }
    }
}

#[cfg(test)]
mod tests;
