//! Frequency hopping: a signal that changes from channel to channel.

use crate::Waveform;
use crate::carrier::envelope::SILENCE;
use crate::phasor::{part_of_turn, phasor_at, write_phasors};
use crate::resample::{at_rate, rate_for};
use crate::shift::rotate;
use num_complex::Complex32;
use std::f64::consts::PI;
use std::ops::Range;

/// The channels of a hopping signal, and its timing.
#[derive(Debug, Clone, PartialEq)]
pub struct Hops {
    /// The channels in hertz relative to the nominal frequency, one for each hop; after the last comes the first. Not empty.
    pub channels: Box<[f64]>,
    /// Seconds on each channel.
    pub dwell: f64,
    /// Seconds in which the carrier falls before a hop and rises after it, at most half of `dwell`. With 0 the amplitude is
    /// constant, and each hop is a click over a wide band.
    pub ramp: f64,
}

/// A signal that hops. The first hop begins where the signal comes out of its leading [`SILENCE`].
pub struct Hopping {
    signal: Box<dyn Waveform>,
    hops: Hops,
    band: Range<f64>,
    /// The amplitude within `ramp` of a hop, rising.
    slope: Box<[f32]>,
    /// Hops begun, and the samples of the last of them.
    begun: u64,
    hop: Range<u64>,
    /// The phase advance per sample of this hop, the phase of its first sample, and the phasors of a block.
    step: u32,
    phase: u32,
    table: Box<[Complex32; BLOCK]>,
    position: u64,
}

/// Samples moved at once.
const BLOCK: usize = 256;

/// How much wider, to either side, the beginning and the end of each hop make a signal, in hops per second: 99 % of the
/// power of a carrier that is on for so long lies within.
const EDGES: f64 = 2.0;

impl Hopping {
    /// Lets `signal` hop, at a sample rate that holds all channels that it reaches.
    #[must_use]
    pub fn new(signal: Box<dyn Waveform>, hops: Hops) -> Self {
        let count = ((signal.duration() - SILENCE) / hops.dwell).ceil().max(1.0) as usize;
        let channels = || hops.channels.iter().take(count);
        let low = channels().copied().fold(f64::INFINITY, f64::min);
        let high = channels().copied().fold(f64::NEG_INFINITY, f64::max);
        let around = signal.occupied_bandwidth();
        let edge = EDGES / hops.dwell.min(signal.duration());
        let band = low + around.start - edge..high + around.end + edge;
        let rate = rate_for(&band).max(signal.sample_rate());
        let mut hopping = Self {
            signal: at_rate(signal, rate),
            hops,
            band,
            slope: Box::default(),
            begun: 0,
            hop: 0..0,
            step: 0,
            phase: 0,
            table: Box::new([Complex32::ZERO; BLOCK]),
            position: 0,
        };
        hopping.shape();
        hopping
    }

    /// Computes everything that depends on the sample rate.
    fn shape(&mut self) {
        let ramp = self.hops.ramp * self.sample_rate();
        self.slope = (0..ramp as usize).map(|n| (0.5 - 0.5 * (PI * (n as f64 + 0.5) / ramp).cos()) as f32).collect();
        (self.begun, self.hop) = (0, 0..0);
        self.begin();
    }

    /// Begins the next hop, continuous in phase.
    fn begin(&mut self) {
        self.phase = self.phase_at(self.hop.end);
        self.begun += 1;
        self.hop = self.hop.end..self.start_of(self.begun);
        let count = self.hops.channels.len().max(1) as u64;
        let channel = self.hops.channels.get(((self.begun - 1) % count) as usize).copied().unwrap_or_default();
        self.step = part_of_turn(channel / self.sample_rate()).cast_unsigned();
        let phases: [u32; BLOCK] = std::array::from_fn(|sample| (sample as u32).wrapping_mul(self.step));
        write_phasors(&phases, self.table.as_mut_slice());
    }

    /// Returns the phase at a sample of the current hop.
    fn phase_at(&self, position: u64) -> u32 {
        // A phase is modulo whole turns, so the bits of the product beyond 32 do not matter.
        self.phase.wrapping_add(((position - self.hop.start) as u32).wrapping_mul(self.step))
    }

    /// Returns the first sample of the hop with this number, counted from 0.
    fn start_of(&self, hop: u64) -> u64 {
        ((SILENCE + hop as f64 * self.hops.dwell) * self.sample_rate()).ceil() as u64
    }

    /// Shifts samples of one hop in frequency. Blocks are counted from its beginning, regardless of calls.
    fn shift(&mut self, mut samples: &mut [Complex32]) {
        while !samples.is_empty() {
            let within = ((self.position - self.hop.start) % BLOCK as u64) as usize;
            let (now, later) = samples.split_at_mut((BLOCK - within).min(samples.len()));
            let base = phasor_at(self.phase_at(self.position - within as u64));
            rotate(now, base, self.table.get(within..).unwrap_or_default());
            self.soften(now);
            self.position += now.len() as u64;
            samples = later;
        }
    }

    /// Lets the carrier rise after the beginning of the hop and fall before its end.
    fn soften(&self, samples: &mut [Complex32]) {
        let near = self.slope.len() as u64;
        let end = self.position + samples.len() as u64;
        if self.position >= self.hop.start + near && end + near <= self.hop.end {
            return;
        }
        for (sample, position) in samples.iter_mut().zip(self.position..) {
            let away = (position - self.hop.start).min(self.hop.end - 1 - position);
            if let Some(amplitude) = self.slope.get(usize::try_from(away).unwrap_or(usize::MAX)) {
                *sample *= amplitude;
            }
        }
    }
}

impl Waveform for Hopping {
    fn sample_rate(&self) -> f64 {
        self.signal.sample_rate()
    }

    fn len(&self) -> u64 {
        self.signal.len()
    }

    fn occupied_bandwidth(&self) -> Range<f64> {
        self.band.clone()
    }

    fn set_rate(&mut self, rate: f64) -> bool {
        let able = self.signal.set_rate(rate);
        self.shape();
        able
    }

    fn fill(&mut self, out: &mut [Complex32]) -> std::io::Result<usize> {
        let filled = self.signal.fill(out)?;
        let (mut rest, _) = out.split_at_mut(filled);
        while !rest.is_empty() {
            if self.position == self.hop.end {
                self.begin();
            }
            let left = usize::try_from(self.hop.end - self.position).unwrap_or(usize::MAX);
            let (now, later) = rest.split_at_mut(left.min(rest.len()));
            self.shift(now);
            rest = later;
        }
        Ok(filled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resample::resample;
    use crate::testing::{Tone, drain, level};

    fn hopping(ramp: f64) -> Hopping {
        let hops = Hops { channels: [50_000.0, -120_000.0, 0.0].into(), dwell: 0.02, ramp };
        Hopping::new(Box::new(Tone::new(48_000.0, 1000.0, 48 * 105)), hops)
    }

    #[test]
    fn a_signal_is_on_one_channel_after_the_other_at_any_rate() {
        for rate in [300_000.0, 500_000.0, 1e6] {
            let samples = drain(resample(Box::new(hopping(0.0)), rate).unwrap(), 1001);
            let dwell = (0.02 * rate) as usize;
            for (hop, channel) in [50e3, -120e3, 0.0, 50e3, -120e3].into_iter().enumerate() {
                let start = (0.005 * rate) as usize + hop * dwell;
                let found = level(&samples[start..start + dwell - 200], rate, channel + 1000.0);
                assert!((0.95..1.0).contains(&found), "{rate} {hop}: {found}");
            }
        }
    }

    #[test]
    fn a_ramp_makes_the_carrier_go_before_it_hops() {
        let samples = drain(Box::new(hopping(0.001)), 997);
        let rate = hopping(0.001).sample_rate();
        let at = |seconds: f64| samples[(seconds * rate) as usize].norm();
        assert!(at(0.025) < 0.01 && at(0.0449) < 0.1 && at(0.035) > 0.95);
        let hard = drain(Box::new(hopping(0.0)), 997);
        assert!(hard[(0.006 * rate) as usize..][..(0.09 * rate) as usize].iter().all(|sample| sample.norm() > 0.95));
    }

    #[test]
    fn the_band_holds_the_channels_that_are_reached() {
        assert_eq!(hopping(0.0).occupied_bandwidth(), -119_100.0..51_100.0);
        let hops = Hops { channels: [5000.0, -9000.0].into(), dwell: 0.2, ramp: 0.0 };
        let short = Hopping::new(Box::new(Tone::new(48_000.0, 0.0, 480)), hops);
        assert_eq!(short.occupied_bandwidth(), 4800.0..5200.0);
    }
}
