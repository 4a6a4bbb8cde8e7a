use super::*;
use crate::testing::{Tone, decibels, drain, level};

/// Resamples a tone and drops both ends, where it starts and stops with a click.
fn resampled(from: f64, tone: f64, to: f64) -> Vec<Complex32> {
    let len = (from * 0.02) as u64 + 400;
    let samples = drain(resample(Box::new(Tone::new(from, tone, len)), to).unwrap(), 1000);
    let edge = (60.0 * (to / from).max(1.0)) as usize;
    samples[edge..samples.len() - edge].to_vec()
}

const RATES: [(f64, f64); 6] = [
    (8000.0, 250_000.0),
    (48_000.0, 44_100.0),
    (41_379.3, 2e6),
    (48_000.0, 96_000.0),
    (1e5, 123_456.7),
    (44_100.0, 8000.0),
];

#[test]
fn a_tone_keeps_its_level_over_the_occupied_bandwidth() {
    for (from, to) in RATES {
        for part in [-0.46, -0.4, -0.25, -0.01, 0.1, 0.39, 0.45] {
            let tone = part * from.min(to);
            let change = decibels(level(&resampled(from, tone, to), to, tone) / f64::from(HEADROOM));
            assert!(change.abs() < 0.05, "{from} -> {to} at {tone} Hz: {change:.3} dB");
        }
    }
}

#[test]
fn images_are_70_decibels_down() {
    for (from, to) in RATES.into_iter().filter(|(from, to)| from < to) {
        for part in [-0.4, 0.01, 0.27, 0.45] {
            let samples = resampled(from, part * from, to);
            for image in -4..=4 {
                let at = (part + f64::from(image)) * from;
                if image != 0 && at.abs() < to / 2.0 {
                    let down = decibels(level(&samples, to, at));
                    assert!(down < -70.0, "{from} -> {to}, {part} of it, image {image}: {down:.1} dB");
                }
            }
        }
    }
}

#[test]
fn what_the_lower_rate_cannot_hold_does_not_fold_back() {
    let filter = Filter { pass: 3000.0, stop: 5000.0, gain: 1.0 };
    for tone in [5001.0, 7000.0, 11_111.0, 23_000.0] {
        let resampler = Resampler::new(Box::new(Tone::new(48_000.0, tone, 4000)), 8000.0, filter);
        let samples = drain(Box::new(resampler), 99);
        let rms = samples[20..600].iter().map(Complex32::norm_sqr).sum::<f32>() / 580.0;
        assert!(10.0 * rms.log10() < -75.0, "{tone} Hz: {:.1} dB", 10.0 * rms.log10());
    }
}

#[test]
fn nothing_drifts_over_hours() {
    // The last sample of two hours must lie in the interval that its number gives.
    let (from, to) = (48_000.0 / 1.001, 2e6);
    let source = Tone::new(from, 0.0, (from * 7200.0) as u64);
    let resampler = Resampler::new(Box::new(source), to, Filter { pass: 1.0, stop: 40_000.0, gain: 1.0 });
    let last = (from * 7200.0) as u64;
    assert_eq!(resampler.len(), (last as f64 / from * to).ceil() as u64);
    assert_eq!(resampler.first_output(last), resampler.len());
}

#[test]
fn any_way_of_cutting_gives_the_same_bits() {
    let make = || resample(Box::new(Tone::new(8000.0, 1234.5, 500)), 77_777.7).unwrap();
    let whole = drain(make(), 100_000);
    for chunk in [1, 7, 64, 1001] {
        assert_eq!(drain(make(), chunk), whole);
    }
}

/// The real part of a tone.
struct Cosine(Tone);

impl Waveform for Cosine {
    fn sample_rate(&self) -> f64 {
        self.0.sample_rate()
    }

    fn len(&self) -> u64 {
        self.0.len()
    }

    fn occupied_bandwidth(&self) -> Range<f64> {
        self.0.occupied_bandwidth()
    }

    fn fill(&mut self, out: &mut [Complex32]) -> std::io::Result<usize> {
        let filled = self.0.fill(out)?;
        out.iter_mut().for_each(|sample| sample.im = 0.0);
        Ok(filled)
    }
}

#[test]
fn real_samples_come_out_the_same_in_half_the_work() {
    let source = || Box::new(Cosine(Tone::new(12_000.0, 1234.5, 900)));
    let filter = Filter { pass: 3000.0, stop: 3600.0, gain: 1.0 };
    for rate in [8000.0, 48_000.0, 123_456.7] {
        let half = drain(Box::new(Resampler::of_reals(source(), rate, filter)), 777);
        assert!(half == drain(Box::new(Resampler::new(source(), rate, filter)), 777), "{rate}");
        assert!(half.iter().all(|sample| sample.im == 0.0));
    }
}

#[test]
fn full_scale_stays_within_full_scale() {
    let samples = drain(resample(Box::new(Tone::new(8000.0, 3100.0, 500)), 1e6).unwrap(), 4096);
    assert!(samples.iter().all(|sample| sample.norm() <= 1.0));
}

#[test]
fn a_rate_that_cannot_hold_the_signal_is_refused() {
    let resample = |tone, rate| resample(Box::new(Tone::new(1e6, tone, 10)), rate).err().unwrap().to_string();
    assert_eq!(
        resample(300e3, 5e5),
        "500000 samples per second cannot hold a signal that reaches 300000 Hz from its nominal frequency"
    );
    assert_eq!(resample(0.0, f64::NAN), "NaN is not a valid sample rate; give 1000 to 1e9 samples per second");
    assert!(resample(0.0, -1.0).starts_with("-1 is not a valid sample rate"));
}
