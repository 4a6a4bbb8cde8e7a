//! Silence around a signal.

use crate::Waveform;
use num_complex::Complex32;
use std::ops::Range;

/// A waveform with silence before and after it.
pub struct Padded {
    waveform: Box<dyn Waveform>,
    silence: u64,
    position: u64,
}

impl Padded {
    /// Puts `seconds` of silence, rounded up to whole samples, before and after `waveform`.
    #[must_use]
    pub fn new(waveform: Box<dyn Waveform>, seconds: f64) -> Self {
        let silence = (seconds * waveform.sample_rate()).ceil() as u64;
        Self { waveform, silence, position: 0 }
    }

    /// Returns the number of samples until the position `until`, at most `limit`.
    fn until(&self, until: u64, limit: usize) -> usize {
        usize::try_from(until.saturating_sub(self.position)).unwrap_or(limit).min(limit)
    }
}

impl Waveform for Padded {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Tone, drain};

    #[test]
    fn silence_is_before_and_after_the_signal_however_the_run_is_cut() {
        for chunk in [1, 2, 3, 100] {
            let padded = Padded::new(Box::new(Tone::new(1000.0, 0.0, 3)), 0.0015);
            let levels: Vec<f32> = drain(Box::new(padded), chunk).iter().map(|sample| sample.re).collect();
            assert_eq!(levels, [0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0], "{chunk}");
        }
    }
}
