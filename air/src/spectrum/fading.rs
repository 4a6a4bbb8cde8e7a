//! Fading as a function of time alone: a receiver that tunes in late, or after a restart, hears the same fade.

use super::path::{Fading, Path, Rician, Watterson};
use super::random::{hash, normal_pair};
use challengectl_dsp::Complex32;
use std::f64::consts::PI;

/// Points in a second at which a gain is computed, for each hertz of Doppler spread; between them it is interpolated.
const POINTS: f64 = 16.0;

/// Points to either side that one point depends on: beyond, the impulse response is below a millionth.
const REACH: i64 = 19;

/// Applies fading to samples.
#[derive(Debug)]
pub(super) struct Fader {
    points_per_sample: f64,
    /// Samples by which the second path is late; 0 without one.
    delay: usize,
    steady: Complex32,
    first: Rayleigh,
    second: Option<Rayleigh>,
}

impl Fader {
    /// Creates the fading of a path; `None` if it does not fade. `place` selects it among all paths of this seed.
    pub(super) fn new(path: &Path, rate: f64, seed: u64, place: u64) -> Option<Self> {
        let rayleigh = |number, power: f64| Rayleigh::new(hash(&[seed, place, number]), power.sqrt());
        let points_per_sample = |spread_hz| POINTS * spread_hz / rate;
        Some(match path.fading? {
            Fading::Watterson(Watterson { delay_ms, spread_hz }) => Self {
                points_per_sample: points_per_sample(spread_hz),
                delay: (delay_ms / 1000.0 * rate).round() as usize,
                steady: Complex32::ZERO,
                first: rayleigh(1, 0.5),
                second: Some(rayleigh(2, 0.5)),
            },
            Fading::Rician(Rician { k_db, spread_hz }) => {
                let k = 10_f64.powf(k_db / 10.0);
                let steady = Complex32::new((k / (k + 1.0)).sqrt() as f32, 0.0);
                let first = rayleigh(1, 1.0 / (k + 1.0));
                Self { points_per_sample: points_per_sample(spread_hz), delay: 0, steady, first, second: None }
            }
        })
    }

    /// Returns how many samples before the first of a frame it needs.
    pub(super) fn delay(&self) -> usize {
        self.delay
    }

    /// Fades samples: `input` begins [`delay`](Self::delay) samples before `out`, whose first sample has this number.
    pub(super) fn fade(&self, input: &[Complex32], out: &mut [Complex32], first: i64) {
        let (mut late, mut direct, mut out) = (input, input.get(self.delay..).unwrap_or_default(), out);
        let mut number = first;
        while !out.is_empty() {
            // Up to the next point, the gains change evenly.
            let point = (number as f64 * self.points_per_sample).floor() as i64;
            let end = ((point + 1) as f64 / self.points_per_sample).ceil() as i64;
            let here = usize::try_from(end - number).unwrap_or(0).clamp(1, out.len());
            let (now, later) = out.split_at_mut(here);
            let slope = self.slope(&self.first, point, number);
            let steady = Slope { from: slope.from + self.steady, ..slope };
            steady.apply(direct, now, |out, sample| *out = sample);
            if let Some(second) = &self.second {
                self.slope(second, point, number).apply(late, now, |out, sample| *out += sample);
            }
            (late, direct) = (late.get(here..).unwrap_or_default(), direct.get(here..).unwrap_or_default());
            number += here as i64;
            out = later;
        }
    }

    /// Returns the gain from sample `number` on, which lies between `point` and the next one.
    fn slope(&self, path: &Rayleigh, point: i64, number: i64) -> Slope {
        let (from, to) = (path.point(point), path.point(point + 1));
        let part = number as f64 * self.points_per_sample - point as f64;
        Slope { from: from + (to - from) * part as f32, step: (to - from) * self.points_per_sample as f32 }
    }
}

/// A gain that changes evenly from sample to sample.
struct Slope {
    from: Complex32,
    step: Complex32,
}

impl Slope {
    fn apply(&self, input: &[Complex32], out: &mut [Complex32], put: impl Fn(&mut Complex32, Complex32)) {
        for (n, (out, sample)) in (0_i32..).zip(out.iter_mut().zip(input)) {
            put(out, sample * (self.from + self.step * n as f32));
        }
    }
}

/// A complex gain of normal distribution with a Gaussian Doppler spectrum.
#[derive(Debug)]
struct Rayleigh {
    seed: u64,
    weights: Vec<f64>,
}

impl Rayleigh {
    /// Creates a gain; `rms` is the root of its mean power.
    fn new(seed: u64, rms: f64) -> Self {
        // The root of the power spectrum exp(-f²/2σ²), back in time: exp(-4π²σ²t²), with twice σ as the spread.
        let weight = |point: i64| (-(PI * point as f64 / POINTS).powi(2)).exp();
        let weights: Vec<_> = (-REACH..=REACH).map(weight).collect();
        let power: f64 = weights.iter().map(|weight| weight * weight).sum();
        // Both axes have variance 1 before.
        let scale = rms / (2.0 * power).sqrt();
        let weights = weights.into_iter().map(|weight| weight * scale).collect();
        Self { seed, weights }
    }

    fn point(&self, number: i64) -> Complex32 {
        let normal = |place: i64| normal_pair(hash(&[self.seed, place as u64]));
        let sum = self.weights.iter().zip(number - REACH..).fold((0.0, 0.0), |(re, im), (weight, place)| {
            let (a, b) = normal(place);
            (re + weight * a, im + weight * b)
        });
        Complex32::new(sum.0 as f32, sum.1 as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faded(fading: Fading, seconds: usize) -> Vec<Complex32> {
        let path = Path { fading: Some(fading), ..Path::default() };
        let fader = Fader::new(&path, 1000.0, 5, 6).unwrap();
        let input = vec![Complex32::ONE; seconds * 1000 + fader.delay()];
        let mut out = vec![Complex32::ZERO; seconds * 1000];
        fader.fade(&input, &mut out, 0);
        out
    }

    fn power(samples: &[Complex32]) -> f32 {
        samples.iter().map(Complex32::norm_sqr).sum::<f32>() / samples.len() as f32
    }

    #[test]
    fn fading_keeps_the_mean_power() {
        let watterson = faded(Fading::Watterson(Watterson { delay_ms: 2.0, spread_hz: 10.0 }), 200);
        let rician = faded(Fading::Rician(Rician { k_db: 6.0, spread_hz: 10.0 }), 200);
        for samples in [&watterson, &rician] {
            assert!((10.0 * power(samples).log10()).abs() < 0.5, "{}", power(samples));
        }
        // A Rayleigh path is 10 dB down for 9.5 % of the time, one with a steady part of four times the power for 2 %.
        let down = |samples: &[Complex32]| {
            samples.iter().filter(|sample| sample.norm_sqr() < 0.1).count() as f32 / samples.len() as f32
        };
        assert!(
            (down(&watterson) - 0.095).abs() < 0.02 && down(&rician) < 0.04,
            "{} {}",
            down(&watterson),
            down(&rician)
        );
    }

    #[test]
    fn the_doppler_spread_is_the_one_that_was_asked_for() {
        let samples = faded(Fading::Watterson(Watterson { delay_ms: 0.0, spread_hz: 10.0 }), 400);
        // The autocorrelation of a Gaussian spectrum is exp(-2π²σ²t²); at 1/(2πσ) it is exp(-1/2). σ = 5 Hz: 32 ms.
        let lag = 32;
        let products = samples.iter().zip(&samples[lag..]).map(|(a, b)| a.conj() * b).sum::<Complex32>();
        let found = products.re / samples.len() as f32 / power(&samples);
        assert!((found - (-0.5_f32).exp()).abs() < 0.05, "{found}");
    }

    #[test]
    fn a_fade_depends_on_time_alone() {
        let path = Path { fading: Some(Fading::Rician(Rician { k_db: 0.0, spread_hz: 3.0 })), ..Path::default() };
        let fader = Fader::new(&path, 8000.0, 1, 2).unwrap();
        let ones = vec![Complex32::ONE; 6400];
        let (mut whole, mut late) = (vec![Complex32::ZERO; 6400], vec![Complex32::ZERO; 640]);
        fader.fade(&ones, &mut whole, 0);
        fader.fade(&ones, &mut late, 5760);
        // Where a frame begins within an even change is a matter of rounding alone.
        assert!(whole[5760..].iter().zip(&late).all(|(whole, late)| (whole - late).norm() < 1e-5));
    }
}
