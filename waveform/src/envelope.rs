//! A carrier that comes and goes without a click.

use std::f64::consts::PI;

/// Seconds of silence at either end of a run: longer than any filter on the way rings.
pub(crate) const SILENCE: f64 = 0.005;

/// Seconds in which a carrier usually rises and falls: inaudible, and no wider than what follows.
pub(crate) const RAMP: f64 = 0.002;

/// The amplitude of a carrier: silence, a rise along half a cosine, 1, a fall, silence.
pub(crate) struct Envelope {
    silence: u64,
    ramp: u64,
    len: u64,
}

impl Envelope {
    /// Around `len` samples at full amplitude. The carrier rises and falls in `ramp` seconds.
    pub(crate) fn around(len: u64, rate: f64, ramp: f64) -> Self {
        let silence = (SILENCE * rate).ceil() as u64;
        let ramp = (ramp * rate).ceil() as u64;
        Self { silence, ramp, len: len + 2 * (silence + ramp) }
    }

    /// Samples in all.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Samples before full amplitude.
    pub(crate) fn lead(&self) -> u64 {
        self.silence + self.ramp
    }

    /// The amplitude of a sample, from 0 to 1.
    pub(crate) fn at(&self, sample: u64) -> f32 {
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
    }
}
