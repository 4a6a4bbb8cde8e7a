//! One signal behind another.

use crate::Waveform;
use num_complex::Complex32;
use std::ops::Range;

/// Two signals, the second behind the first.
struct Sequence {
    first: Box<dyn Waveform>,
    second: Box<dyn Waveform>,
}

/// Returns `first` with `second` behind it. Both must have the same sample rate: that of the first is taken for both.
#[must_use]
pub fn sequence(first: Box<dyn Waveform>, second: Box<dyn Waveform>) -> Box<dyn Waveform> {
    Box::new(Sequence { first, second })
}

impl Waveform for Sequence {
    fn sample_rate(&self) -> f64 {
        self.first.sample_rate()
    }

    fn len(&self) -> u64 {
        self.first.len() + self.second.len()
    }

    /// The band that holds those of both.
    fn occupied_bandwidth(&self) -> Range<f64> {
        let (first, second) = (self.first.occupied_bandwidth(), self.second.occupied_bandwidth());
        first.start.min(second.start)..first.end.max(second.end)
    }

    fn fill(&mut self, out: &mut [Complex32]) -> std::io::Result<usize> {
        let filled = self.first.fill(out)?;
        let (_, rest) = out.split_at_mut(filled);
        if rest.is_empty() {
            return Ok(filled);
        }
        Ok(filled + self.second.fill(rest)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Tone, drain};

    #[test]
    fn the_second_follows_the_first_however_the_run_is_cut() {
        let tone = |hertz, len| Box::new(Tone::new(4.0, hertz, len));
        let both = || sequence(tone(0.0, 3), tone(2.0, 2));
        assert_eq!((both().len(), both().occupied_bandwidth()), (5, 0.0..2.0));
        for chunk in [1, 2, 3, 100] {
            let levels: Vec<f32> = drain(both(), chunk).iter().map(|sample| sample.re.round()).collect();
            assert_eq!(levels, [1.0, 1.0, 1.0, 1.0, -1.0], "{chunk}");
        }
    }
}
