//! Frequency modulation (FM): sound moves the frequency of a carrier.

use crate::Waveform;
use crate::envelope::{Envelope, RAMP};
use num_complex::Complex32;
use std::f64::consts::TAU;
use std::ops::Range;

/// A carrier of constant amplitude whose frequency follows a sound, with silence at both ends.
pub struct Fm {
    sound: Box<dyn Waveform>,
    envelope: Envelope,
    emphasis: Preemphasis,
    /// Phase advance per sample at full scale, in turns.
    turns: f64,
    band: Range<f64>,
    phase: f64,
    position: u64,
}

/// Returns the samples of silence that [`Fm`] needs before and after the sound, at `rate` samples per second: the
/// carrier rises before the sound begins and falls after it ends.
#[must_use]
pub fn lead(rate: f64) -> u64 {
    Envelope::around(0, rate, RAMP).lead()
}

impl Fm {
    /// Modulates a carrier with the real parts of `sound`, which must begin and end with [`lead`] samples of silence. A
    /// full-scale sample moves the carrier by `deviation` hertz.
    ///
    /// The occupied band is 0 to 0 until [`occupying`](Self::occupying) sets it, since it can only be measured.
    #[must_use]
    pub fn new(sound: Box<dyn Waveform>, deviation: f64, emphasis: Preemphasis) -> Self {
        let rate = sound.sample_rate();
        let envelope = Envelope::around(sound.len().saturating_sub(2 * lead(rate)), rate, RAMP);
        Self { sound, envelope, emphasis, turns: deviation / rate, band: 0.0..0.0, phase: 0.0, position: 0 }
    }

    /// Sets the occupied band, in hertz relative to the nominal frequency.
    #[must_use]
    pub fn occupying(self, band: Range<f64>) -> Self {
        Self { band, ..self }
    }
}

impl Waveform for Fm {
    fn sample_rate(&self) -> f64 {
        self.sound.sample_rate()
    }

    fn len(&self) -> u64 {
        self.sound.len()
    }

    fn occupied_bandwidth(&self) -> Range<f64> {
        self.band.clone()
    }

    fn fill(&mut self, out: &mut [Complex32]) -> std::io::Result<usize> {
        let filled = self.sound.fill(out)?;
        for (sample, position) in out.iter_mut().take(filled).zip(self.position..) {
            // Pre-emphasis keeps any single tone within full scale, but not every sound. The excess is clipped, since
            // the adjacent channel begins where the deviation ends.
            let level = self.emphasis.next(sample.re).clamp(-1.0, 1.0);
            self.phase += self.turns * f64::from(level);
            self.phase -= self.phase.round();
            *sample = Complex32::from_polar(self.envelope.at(position), (self.phase * TAU) as f32);
        }
        self.position += filled as u64;
        Ok(filled)
    }
}

/// Raises tones above 1/(2πτ) by 6 dB per octave, and lowers the whole so that the highest tone keeps its level.
#[derive(Debug, Clone)]
pub struct Preemphasis {
    now: f32,
    before: f32,
    last: f32,
}

impl Preemphasis {
    /// Creates a filter with a time constant τ of `time_constant` seconds (0: no pre-emphasis), for sound up to
    /// `highest` hertz at `rate` samples per second.
    #[must_use]
    pub fn new(time_constant: f64, highest: f64, rate: f64) -> Self {
        // The inverse of the receiver's RC low-pass filter, which in samples is y = (1 - a)x + a·y'.
        let decay = if time_constant > 0.0 { (-1.0 / (rate * time_constant)).exp() } else { 0.0 };
        let highest = TAU * highest / rate;
        let gain = 1.0 / (1.0 - 2.0 * decay * highest.cos() + decay * decay).sqrt();
        Self { now: gain as f32, before: (-gain * decay) as f32, last: 0.0 }
    }

    fn next(&mut self, sample: f32) -> f32 {
        let raised = self.now * sample + self.before * self.last;
        self.last = sample;
        raised
    }
}
