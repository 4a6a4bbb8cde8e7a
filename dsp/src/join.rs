//! One signal after another.

use crate::Waveform;
use crate::resample::at_rate;
use num_complex::Complex32;
use std::ops::Range;

/// Signals on the same frequency, one immediately after the other.
pub struct Join {
    parts: Vec<Box<dyn Waveform>>,
    rate: f64,
    /// The part of the next sample.
    part: usize,
}

impl Join {
    /// Joins `parts` at the highest of their rates. Each begins and ends in silence, or there is a click between.
    #[must_use]
    pub fn new(parts: Vec<Box<dyn Waveform>>) -> Self {
        let rate = parts.iter().map(|part| part.sample_rate()).fold(0.0, f64::max);
        let parts = parts.into_iter().map(|part| at_rate(part, rate)).collect();
        Self { parts, rate, part: 0 }
    }
}

impl Waveform for Join {
    fn sample_rate(&self) -> f64 {
        self.rate
    }

    fn len(&self) -> u64 {
        self.parts.iter().map(|part| part.len()).sum()
    }

    /// Returns the band that holds each of the parts.
    fn occupied_bandwidth(&self) -> Range<f64> {
        let bands = self.parts.iter().map(|part| part.occupied_bandwidth());
        bands.reduce(|all, band| all.start.min(band.start)..all.end.max(band.end)).unwrap_or_default()
    }

    fn set_rate(&mut self, rate: f64) -> bool {
        self.parts = std::mem::take(&mut self.parts).into_iter().map(|part| at_rate(part, rate)).collect();
        self.rate = rate;
        true
    }

    fn fill(&mut self, out: &mut [Complex32]) -> std::io::Result<usize> {
        let mut filled = 0;
        while let (Some(part), Some(rest)) = (self.parts.get_mut(self.part), out.get_mut(filled..)) {
            if rest.is_empty() {
                break;
            }
            match part.fill(rest)? {
                0 => self.part += 1,
                more => filled += more,
            }
        }
        Ok(filled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resample::resample;
    use crate::testing::{Tone, drain, level};

    fn joined() -> Join {
        Join::new(vec![Box::new(Tone::new(8000.0, 1000.0, 800)), Box::new(Tone::new(20_000.0, -6000.0, 2000))])
    }

    #[test]
    fn each_part_keeps_its_length_and_frequency() {
        for rate in [20_000.0, 48_000.0, 1e6] {
            let samples = drain(resample(Box::new(joined()), rate).unwrap(), 777);
            assert_eq!(samples.len(), (0.2 * rate) as usize);
            let (first, second) = samples.split_at(samples.len() / 2);
            assert!(level(first, rate, 1000.0) > 0.9 && level(first, rate, -6000.0) < 0.01, "{rate}");
            assert!(level(second, rate, -6000.0) > 0.9 && level(second, rate, 1000.0) < 0.01, "{rate}");
        }
    }

    #[test]
    fn the_band_holds_all_parts() {
        assert_eq!(joined().occupied_bandwidth(), -6000.0..1000.0);
    }
}
