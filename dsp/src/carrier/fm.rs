//! Frequency modulation (FM): sound moves the frequency of a carrier.

use super::envelope::{Envelope, RAMP};
use crate::Waveform;
use crate::phasor::{units, write_phasors};
use num_complex::Complex32;
use std::f64::consts::TAU;
use std::ops::Range;

/// A carrier of constant amplitude whose frequency follows a sound, with silence at both ends.
pub struct Fm {
    sound: Box<dyn Waveform>,
    envelope: Envelope,
    emphasis: Preemphasis,
    /// By how much the phase grows with a sample of full scale.
    step: f32,
    band: Range<f64>,
    phase: u32,
    position: u64,
}

/// Samples modulated at once.
const BLOCK: usize = 256;

/// Samples of silence that [`Fm`] needs before and behind the sound, at `rate` samples per second: the carrier rises
/// before the sound begins and falls after it has ended.
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
        let step = units(deviation / rate) as f32;
        Self { sound, envelope, emphasis, step, band: 0.0..0.0, phase: 0, position: 0 }
    }

    /// Sets the occupied band, in hertz relative to the nominal frequency.
    #[must_use]
    pub fn occupying(self, band: Range<f64>) -> Self {
        Self { band, ..self }
    }

    /// Turns the phase on by these samples of the sound.
    fn turn(&mut self, sound: &[Complex32], phases: &mut [u32]) {
        for (phase, sample) in phases.iter_mut().zip(sound) {
            // Pre-emphasis leaves any single tone within full scale, but not any sound: what goes beyond is cut
            // off, since the neighbouring channel begins where the deviation ends.
            let level = self.emphasis.next(sample.re).clamp(-1.0, 1.0);
            self.phase = self.phase.wrapping_add_signed((self.step * level) as i32);
            *phase = self.phase;
        }
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
        let (samples, _) = out.split_at_mut(filled);
        for samples in samples.chunks_mut(BLOCK) {
            let mut phases = [0; BLOCK];
            let (phases, _) = phases.split_at_mut(samples.len());
            self.turn(samples, phases);
            write_phasors(phases, samples);
            self.envelope.shape(self.position, samples);
            self.position += samples.len() as u64;
        }
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
