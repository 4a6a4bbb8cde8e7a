//! The amplitude of a carrier that is switched on and off without clicks.

use num_complex::Complex32;
use std::f64::consts::PI;

/// Seconds of silence at either end of a run: longer than the ringing of any filter up to the antenna.
pub const SILENCE: f64 = 0.005;

/// Seconds in which a carrier usually rises and falls: inaudible, and no wider in frequency than the modulation.
pub const RAMP: f64 = 0.002;

/// The amplitude of a carrier, from 0 to 1: silence, a rise along half a cosine, 1, a fall, silence.
#[derive(Debug, Clone)]
pub struct Envelope {
    silence: u64,
    ramp: u64,
    len: u64,
}

impl Envelope {
    /// Creates an envelope of `len` samples at full amplitude, at `rate` samples per second. The carrier rises, and
    /// falls, in `ramp` seconds.
    #[must_use]
    pub fn around(len: u64, rate: f64, ramp: f64) -> Self {
        let silence = (SILENCE * rate).ceil() as u64;
        let ramp = (ramp * rate).ceil() as u64;
        Self { silence, ramp, len: len + 2 * (silence + ramp) }
    }

    /// The total number of samples, with silence and edges.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Returns whether there are no samples at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The number of samples before full amplitude: the silence and the rise.
    #[must_use]
    pub fn lead(&self) -> u64 {
        self.silence + self.ramp
    }

    /// Gives the samples from number `first` on, counted from 0, their amplitude.
    pub fn shape(&self, first: u64, samples: &mut [Complex32]) {
        let lead = self.lead();
        if first >= lead && first + samples.len() as u64 + lead <= self.len {
            return;
        }
        for (number, sample) in (first..).zip(samples) {
            *sample *= self.at(number);
        }
    }

    /// The amplitude of the sample with this number, counted from 0.
    fn at(&self, sample: u64) -> f32 {
        let from_end = sample.min(self.len.saturating_sub(1 + sample));
        match from_end.checked_sub(self.silence) {
            None => 0.0,
            Some(risen) if risen >= self.ramp => 1.0,
            Some(risen) => (0.5 - 0.5 * (PI * risen as f64 / self.ramp as f64).cos()) as f32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_carrier_rises_and_falls_alike() {
        let envelope = Envelope::around(100, 10_000.0, RAMP);
        let amplitudes: Vec<f32> = (0..envelope.len()).map(|sample| envelope.at(sample)).collect();
        assert_eq!(amplitudes.len(), 100 + 2 * (50 + 20));
        assert!(amplitudes.iter().eq(amplitudes.iter().rev()));
        assert!(amplitudes[..50].iter().all(|amplitude| *amplitude == 0.0));
        assert!(amplitudes[70..170].iter().all(|amplitude| *amplitude == 1.0));
        assert!(amplitudes.windows(2).all(|pair| (pair[1] - pair[0]).abs() < 0.09));
        for cut in [1, 7, 50, 60, 150, 240] {
            let mut samples = vec![Complex32::ONE; amplitudes.len()];
            let (before, behind) = samples.split_at_mut(cut);
            envelope.shape(0, before);
            envelope.shape(cut as u64, behind);
            assert!(samples.iter().map(|sample| sample.re).eq(amplitudes.iter().copied()), "{cut}");
        }
    }
}
