//! One channel of a band: the bins around a frequency, filtered and transformed back at a low rate.

use super::transform::{BIN_HERTZ, FRAMES_PER_SECOND};
use super::{Bins, Plans};
use challengectl_dsp::{Complex32, fir};
use rustfft::Fft;
use std::f64::consts::TAU;
use std::ops::Range;
use std::sync::Arc;

/// The delay of the filter in seconds: half its length.
const DELAY: f64 = 0.0025;

/// A channel of a low rate. Its filter is 5 ms long, so that its transition band is 1 kHz wide at every rate.
pub(super) struct Channel {
    rate: u32,
    inverse: Arc<dyn Fft<f32>>,
    forward: Arc<dyn Fft<f32>>,
    /// The response of the filter, from 0 Hz up to half the rate, then from minus half the rate up.
    response: Vec<Complex32>,
    work: Vec<Complex32>,
    scratch: Vec<Complex32>,
}

impl Channel {
    /// Creates a channel of `rate` samples per second, a multiple of 200 Hz.
    pub(super) fn new(rate: u32, passband: &Range<f64>, plans: &mut Plans) -> Self {
        let size = (f64::from(rate) / BIN_HERTZ) as usize;
        let (forward, inverse) = (plans.plan_fft_forward(size), plans.plan_fft_inverse(size));
        let scratch = forward.get_inplace_scratch_len().max(inverse.get_inplace_scratch_len());
        let zeros = vec![Complex32::ZERO; size];
        let mut channel = Self {
            rate,
            inverse,
            forward,
            response: zeros.clone(),
            work: zeros,
            scratch: vec![Complex32::ZERO; scratch],
        };
        channel.set(passband);
        channel
    }

    /// Sets the passband from the next frame on, in hertz from the channel's frequency.
    pub(super) fn set(&mut self, passband: &Range<f64>) {
        let rate = f64::from(self.rate);
        let taps = fir::bandpass(self.overlap() + 1, &(passband.start / rate..passband.end / rate));
        self.response.fill(Complex32::ZERO);
        self.response.iter_mut().zip(taps).for_each(|(response, tap)| *response = tap);
        self.forward.process_with_scratch(&mut self.response, &mut self.scratch);
    }

    fn overlap(&self) -> usize {
        self.work.len() - self.frame()
    }

    fn frame(&self) -> usize {
        (self.rate / FRAMES_PER_SECOND) as usize
    }

    /// Writes 20 ms of the channel at `offset` hertz above the centre. The phase is continuous from frame to frame.
    pub(super) fn run(&mut self, bins: &Bins, offset: f64, out: &mut Vec<Complex32>) {
        let shift = (offset / BIN_HERTZ).round();
        self.select(bins, shift as i64);
        self.inverse.process_with_scratch(&mut self.work, &mut self.scratch);

        out.clear();
        out.extend(self.work.iter().skip(self.overlap()));
        self.turn(bins, shift, offset - shift * BIN_HERTZ, out);
    }

    fn select(&mut self, bins: &Bins, shift: i64) {
        // The forward transform multiplies by its size; the inverse one of the channel does not divide.
        let scale = 1.0 / bins.len() as f32;
        let half = self.work.len() / 2;
        let (upper, lower) = self.work.split_at_mut(half);
        let (upper_response, lower_response) = self.response.split_at(half);
        let numbers = (0..half as i64).chain(-(lower_response.len() as i64)..0);
        let work = upper.iter_mut().chain(lower);
        for ((bin, response), number) in work.zip(upper_response.iter().chain(lower_response)).zip(numbers) {
            *bin = bins.bin(shift + number) * response * scale;
        }
    }

    /// Corrects the phase: a shift by whole bins turns it with each frame, and the rest, below 40 Hz, with each sample. Both
    /// follow from the number of the sample, so that no error accumulates.
    fn turn(&self, bins: &Bins, shift: f64, rest: f64, out: &mut [Complex32]) {
        let (size, first) = (bins.len() as i64, bins.first() as i64);
        let begin = (first - size / 5).rem_euclid(size) as f64;
        let time = first as f64 / f64::from(bins.band().rate()) - DELAY;
        let turns = -(shift * begin / size as f64).fract() - (rest * time).fract();
        let step = cis(-rest / f64::from(self.rate));
        let mut phase = cis(turns);
        for sample in out {
            *sample *= Complex32::new(phase.0 as f32, phase.1 as f32);
            phase = (phase.0 * step.0 - phase.1 * step.1, phase.0 * step.1 + phase.1 * step.0);
        }
    }
}

/// Returns cosine and sine of so many turns.
fn cis(turns: f64) -> (f64, f64) {
    let (sin, cos) = (turns * TAU).sin_cos();
    (cos, sin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listen::testing::{channel_of, tone};

    /// Receives a tone `hertz` above the centre, in a channel `offset` above it.
    fn received(hertz: f64, offset: f64, rate: u32, passband: &Range<f64>) -> Vec<Complex32> {
        channel_of(&tone(hertz, 1.0), rate, offset, passband)
    }

    #[test]
    fn a_tone_comes_out_at_its_distance_with_its_level_and_without_a_step_between_frames() {
        for (hertz, offset, rate) in [
            (100e3, 99e3, 12_000),
            (-456_789.3, -457_012.7, 12_000),
            (3.0, -5_000.5, 24_000),
            (-1e6, -933_333.3, 240_000),
        ] {
            let half = f64::from(rate) / 2.0 - 1000.0;
            let samples = received(hertz, offset, rate, &(-half..half));
            for (n, sample) in samples.iter().enumerate().skip(rate as usize / 50) {
                let turns = (hertz - offset) * (n as f64 / f64::from(rate) - DELAY);
                let expected = cis(turns.fract());
                let error = (sample - Complex32::new(expected.0 as f32, expected.1 as f32)).norm();
                assert!(error < 2e-3, "{hertz} Hz at {offset} Hz, sample {n}: off by {error}");
            }
        }
    }

    #[test]
    fn what_is_outside_the_passband_is_80_db_down() {
        for (hertz, offset) in [(20e3, 10e3), (300e3, 0.0), (10e3 - 5_600.0, 10e3), (10e3 + 11_999.0, 10e3)] {
            let samples = received(hertz, offset, 12_000, &(-4500.0..4500.0));
            let peak = samples.iter().skip(240).map(|sample| sample.norm()).fold(0.0, f32::max);
            assert!(20.0 * peak.log10() < -75.0, "{hertz} Hz at {offset} Hz: {} dB", 20.0 * peak.log10());
        }
    }

    #[test]
    fn a_band_has_no_other_side() {
        // 3 kHz beyond the upper edge is not the lower edge.
        let samples = received(-1_021_000.0, 1_022_000.0, 12_000, &(-5000.0..5000.0));
        let peak = samples.iter().skip(240).map(|sample| sample.norm()).fold(0.0, f32::max);
        assert!(peak < 1e-3, "{peak}");
    }
}
