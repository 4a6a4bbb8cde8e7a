//! Sound on its way to a modulator.

use crate::modulation::BuildError;
use crate::resample::{Filter, Resampler};
use crate::wav::Wav;
use crate::{Payload, Waveform};
use num_complex::Complex32;
use std::ops::Range;

/// Samples per second at which sound is worked on: four times the 3 kHz that voice channels carry.
pub(crate) const RATE: f64 = 12_000.0;

/// Hertz up to which sound is kept here; modulators cut off what they do not send.
const PASS: f64 = 3400.0;

/// The sound of a WAV file at [`RATE`], in the real parts, with `pad` seconds of silence before and behind.
pub(crate) fn open(payload: Payload<'_>, pad: f64) -> Result<Box<dyn Waveform>, BuildError> {
    let Payload::File(path) = payload else {
        return Err(BuildError::Audio("there is no file".to_owned()));
    };
    let wav = Wav::open(path)?;
    let pad = Pad::new(Box::new(wav), pad);
    let lower = pad.sample_rate().min(RATE);
    let pass = PASS.min(0.42 * lower);
    Ok(Box::new(Resampler::new(Box::new(pad), RATE, Filter { pass, stop: lower - pass, gain: 1.0 })))
}

/// A waveform with silence before and behind.
struct Pad {
    waveform: Box<dyn Waveform>,
    silence: u64,
    position: u64,
}

impl Pad {
    fn new(waveform: Box<dyn Waveform>, seconds: f64) -> Self {
        let silence = (seconds * waveform.sample_rate()).ceil() as u64;
        Self { waveform, silence, position: 0 }
    }

    /// Samples until the position `until`, but at most `limit`.
    fn until(&self, until: u64, limit: usize) -> usize {
        usize::try_from(until.saturating_sub(self.position)).unwrap_or(limit).min(limit)
    }
}

impl Waveform for Pad {
    fn sample_rate(&self) -> f64 {
        self.waveform.sample_rate()
    }

    fn len(&self) -> u64 {
        self.waveform.len() + 2 * self.silence
    }

    fn occupied_bandwidth(&self) -> Range<f64> {
        self.waveform.occupied_bandwidth()
    }

    fn fill(&mut self, out: &mut [Complex32]) -> std::io::Result<usize> {
        let (before, rest) = out.split_at_mut(self.until(self.silence, out.len()));
        before.fill(Complex32::ZERO);
        self.position += before.len() as u64;
        let sound = self.until(self.silence + self.waveform.len(), rest.len());
        let (sound, rest) = rest.split_at_mut(sound);
        let filled = self.waveform.fill(sound)?;
        self.position += filled as u64;
        let (after, _) = rest.split_at_mut(self.until(self.len(), rest.len()));
        after.fill(Complex32::ZERO);
        self.position += after.len() as u64;
        Ok(before.len() + filled + after.len())
    }
}
