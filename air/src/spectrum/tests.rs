//! What receivers hear, measured.

use super::*;
use crate::Block;
use challengectl_dsp::Complex32;
use num_complex::Complex64;
use std::f64::consts::TAU;

fn quiet() -> Settings {
    Settings { noise_db_hz: None, ..Settings::default() }
}

/// A tone of full scale at `hertz` from the centre of its source.
struct Tone {
    source: Source,
    rate: u32,
    hertz: f64,
    sent: u64,
}

impl Tone {
    fn new(spectrum: &Spectrum, challenge: &str, centre: f64, rate: u32, hertz: f64) -> Self {
        let transmission =
            Transmission { challenge: challenge.to_owned(), centre_hz: centre, nominal_hz: centre, rate };
        Self { source: spectrum.transmit(transmission).unwrap(), rate, hertz, sent: 0 }
    }

    fn fill(&mut self) {
        let room = self.source.room() as u64;
        let turns = |n: u64| (self.hertz / f64::from(self.rate) * n as f64).fract() * TAU;
        let sample = |n| Complex64::cis(turns(n));
        let samples = (self.sent..self.sent + room).map(sample);
        let samples = samples.map(|sample| Complex32::new(sample.re as f32, sample.im as f32)).collect();
        self.source.send(samples).unwrap();
        self.sent += room;
    }
}

/// Steps so many frames while all tones go on; returns what the receiver heard.
fn hear(mixer: &mut Mixer, tones: &mut [Tone], receiver: &mut Receiver, frames: u64) -> Vec<Complex32> {
    let mut samples = Vec::new();
    for _ in 0..frames {
        tones.iter_mut().for_each(Tone::fill);
        mixer.step();
        while let Some(block) = receiver.try_next() {
            samples.extend_from_slice(&block.samples);
        }
    }
    samples
}

/// Measures the amplitude at so many hertz, under a window whose side lobes are 92 dB down.
fn level(samples: &[Complex32], rate: f64, hertz: f64) -> f64 {
    let (mut sum, mut weights) = (Complex64::ZERO, 0.0);
    for (n, sample) in samples.iter().enumerate() {
        let at = TAU * (n as f64 + 0.5) / samples.len() as f64;
        let weight = 0.35875 - 0.48829 * at.cos() + 0.14128 * (2.0 * at).cos() - 0.01168 * (3.0 * at).cos();
        let turn = Complex64::cis((-hertz / rate * n as f64).fract() * TAU);
        sum += Complex64::new(sample.re.into(), sample.im.into()) * turn * weight;
        weights += weight;
    }
    sum.norm() / weights
}

fn decibels(ratio: f64) -> f64 {
    20.0 * ratio.log10()
}

/// Finds the strongest bin of a spectrum that belongs to none of the tones at these offsets, in decibels.
fn strongest_spur(samples: &[Complex32], rate: f64, tones: &[f64]) -> f64 {
    let len = samples.len();
    let mut bins: Vec<_> = samples
        .iter()
        .enumerate()
        .map(|(n, sample)| {
            let at = TAU * (n as f64 + 0.5) / len as f64;
            let weight = 0.35875 - 0.48829 * at.cos() + 0.14128 * (2.0 * at).cos() - 0.01168 * (3.0 * at).cos();
            sample * (weight / 0.35875) as f32
        })
        .collect();
    rustfft::FftPlanner::new().plan_fft_forward(len).process(&mut bins);
    let is_near = |bin: usize, tone: f64| {
        let hertz = bin as f64 * rate / len as f64;
        let distance = (hertz - tone).rem_euclid(rate);
        distance.min(rate - distance) < 8.0 * rate / len as f64
    };
    let spurs = bins.iter().enumerate().filter(|(bin, _)| !tones.iter().any(|tone| is_near(*bin, *tone)));
    decibels(spurs.map(|(_, value)| f64::from(value.norm()) / len as f64).fold(0.0, f64::max))
}

/// Measures the frequency of the tone near `hertz`, by the phase between the two halves of the samples.
fn frequency(samples: &[Complex32], rate: f64, hertz: f64) -> f64 {
    let half = samples.len() / 2;
    let phase = |samples: &[Complex32]| {
        let turn = |n: usize| Complex64::cis((-hertz / rate * n as f64).fract() * TAU);
        let sum =
            |sum, (n, sample): (usize, &Complex32)| sum + Complex64::new(sample.re.into(), sample.im.into()) * turn(n);
        samples.iter().enumerate().fold(Complex64::ZERO, sum)
    };
    let turned = Complex64::cis((-hertz / rate * half as f64).fract() * TAU);
    let difference = phase(&samples[half..]) * turned * phase(&samples[..half]).conj();
    hertz + difference.arg() / TAU * rate / half as f64
}

const RATES: [f64; 6] = [250_000.0, 300_000.0, 1_024_000.0, 2_048_000.0, 2_400_000.0, 3_200_000.0];

#[test]
fn two_transmissions_are_heard_where_they_are_and_nothing_else_is() {
    for rate in RATES {
        let (spectrum, mut mixer) = Spectrum::stepped(quiet());
        let mut receiver = spectrum.receiver(433_900_017.3, rate);
        let mut tones = [
            Tone::new(&spectrum, "A", 433_920_000.0, 250_000, 1234.0),
            Tone::new(&spectrum, "B", 433_945_000.0, 48_000, 1234.0),
        ];
        hear(&mut mixer, &mut tones, &mut receiver, 3);
        let samples = hear(&mut mixer, &mut tones, &mut receiver, 10);
        let places = [433_921_234.0 - 433_900_017.3, 433_946_234.0 - 433_900_017.3];
        let found = places.map(|place| frequency(&samples, rate, place));
        assert!((found[1] - found[0] - 25_000.0).abs() < 0.1, "{rate}: {found:?}");
        for (found, place) in found.into_iter().zip(places) {
            assert!((found - place).abs() < 0.1, "{rate}: {found} is not {place}");
            let level = decibels(level(&samples, rate, place));
            assert!(level.abs() < 0.02, "{rate}: {level} dB");
        }
        let spur = strongest_spur(&samples, rate, &places);
        assert!(spur < -80.0, "{rate}: {spur} dB");
    }
}

#[test]
fn nothing_folds_in_from_beyond_the_window() {
    let rate = 250_000.0;
    for beyond in [125_100.0, 130_000.0, 200_000.0, 374_000.0, 2_000_000.0] {
        for side in [-1.0, 1.0] {
            let (spectrum, mut mixer) = Spectrum::stepped(quiet());
            let mut receiver = spectrum.receiver(145_000_000.0, rate);
            let mut tones = [Tone::new(&spectrum, "A", 145_000_000.0 + side * beyond, 2_000_000, 0.0)];
            hear(&mut mixer, &mut tones, &mut receiver, 3);
            let samples = hear(&mut mixer, &mut tones, &mut receiver, 5);
            let spur = strongest_spur(&samples, rate, &[]);
            assert!(spur < -80.0, "{beyond}: {spur} dB");
        }
    }
}

#[test]
fn a_wide_source_is_heard_whole_through_a_narrow_receiver() {
    let (spectrum, mut mixer) = Spectrum::stepped(quiet());
    let mut receiver = spectrum.receiver(145_550_000.0, 48_000.0);
    let mut tones = [Tone::new(&spectrum, "A", 145_000_000.0, 2_000_000, 551_000.0)];
    hear(&mut mixer, &mut tones, &mut receiver, 3);
    let samples = hear(&mut mixer, &mut tones, &mut receiver, 10);
    assert!(decibels(level(&samples, 48_000.0, 1000.0)).abs() < 0.02);
}

#[test]
fn blocks_follow_each_other_without_gaps_and_a_retune_takes_effect_with_the_next() {
    let (spectrum, mut mixer) = Spectrum::stepped(quiet());
    let mut receiver = spectrum.receiver(145_000_000.0, 48_000.0);
    let mut tones = [Tone::new(&spectrum, "A", 145_000_000.0, 48_000, 0.0)];
    for frame in 0..5 {
        tones[0].fill();
        mixer.step();
        let block = receiver.try_next().unwrap();
        assert_eq!((block.first, block.samples.len()), (frame * 960, 960));
    }
    receiver.tune(144_995_000.0);
    let samples = hear(&mut mixer, &mut tones, &mut receiver, 1);
    assert!((frequency(&samples, 48_000.0, 5000.0) - 5000.0).abs() < 0.1);
}

#[test]
fn noise_has_the_power_that_was_asked_for_and_differs_between_receivers() {
    let (spectrum, mut mixer) = Spectrum::stepped(Settings::default());
    let mut receivers = [spectrum.receiver(1e8, 2_048_000.0), spectrum.receiver(1e8, 2_048_000.0)];
    mixer.step();
    let heard = receivers.each_mut().map(|receiver| receiver.try_next().unwrap());
    assert_ne!(heard[0].samples, heard[1].samples);
    for block in heard {
        let power = block.samples.iter().map(Complex32::norm_sqr).sum::<f32>() / block.samples.len() as f32;
        let expected = -99.0 + 10.0 * 2_048_000_f32.log10();
        assert!((10.0 * power.log10() - expected).abs() < 0.1, "{}", 10.0 * power.log10());
    }
}

fn heard_at(settings: &Settings, frames: u64) -> Vec<Complex32> {
    let (spectrum, mut mixer) = Spectrum::stepped(settings.clone());
    let mut receiver = spectrum.receiver(145_000_000.0, 250_000.0);
    let mut tones =
        [Tone::new(&spectrum, "A", 145_010_000.0, 48_000, 7.0), Tone::new(&spectrum, "B", 145_000_000.0, 96_000, 8.0)];
    hear(&mut mixer, &mut tones, &mut receiver, frames)
}

#[test]
fn the_same_seed_gives_the_same_samples() {
    let fading = Some(Fading::Watterson(Watterson { delay_ms: 1.0, spread_hz: 5.0 }));
    let paths = BTreeMap::from([("A".to_owned(), Path { fading, ..Path::default() })]);
    let settings = Settings { paths, ..Settings::default() };
    assert!(heard_at(&settings, 8) == heard_at(&settings, 8));
    assert!(heard_at(&settings, 8) != heard_at(&Settings { seed: 1, ..settings }, 8));
}

#[test]
fn a_path_sets_level_and_error_of_frequency() {
    let path = Path { gain_db: -20.0, ppm: 10.0, ..Path::default() };
    let settings = Settings { paths: BTreeMap::from([("A".to_owned(), path)]), ..quiet() };
    let (spectrum, mut mixer) = Spectrum::stepped(settings);
    let mut receiver = spectrum.receiver(145_000_000.0, 48_000.0);
    receiver.set_path_gain(6.0);
    let mut tones = [Tone::new(&spectrum, "A", 145_000_000.0, 48_000, 0.0)];
    hear(&mut mixer, &mut tones, &mut receiver, 3);
    let samples = hear(&mut mixer, &mut tones, &mut receiver, 5);
    assert!((frequency(&samples, 48_000.0, 1450.0) - 1450.0).abs() < 0.1);
    assert!((decibels(level(&samples, 48_000.0, 1450.0)) + 14.0).abs() < 0.05);
}

#[test]
fn a_carrier_that_is_cut_is_silent_from_the_next_block_but_one_on() {
    let (spectrum, mut mixer) = Spectrum::stepped(quiet());
    let mut receiver = spectrum.receiver(145_000_000.0, 48_000.0);
    let mut tones = vec![Tone::new(&spectrum, "A", 145_000_000.0, 48_000, 0.0)];
    hear(&mut mixer, &mut tones, &mut receiver, 5);
    tones.clear();
    assert_eq!(spectrum.statistics().sources, 0);
    let silent = hear(&mut mixer, &mut tones, &mut receiver, 1);
    assert!(silent.iter().all(|sample| *sample == Complex32::ZERO));
}

#[test]
fn a_source_that_runs_dry_is_silent_and_goes_on_when_there_is_enough() {
    let (spectrum, mut mixer) = Spectrum::stepped(quiet());
    let mut receiver = spectrum.receiver(145_000_000.0, 48_000.0);
    let mut tones = [Tone::new(&spectrum, "A", 145_000_000.0, 48_000, 0.0)];
    hear(&mut mixer, &mut tones, &mut receiver, 5);
    hear(&mut mixer, &mut [], &mut receiver, 6);
    assert_eq!(spectrum.statistics().dry, 0, "it ran dry at the end of a frame");
    let silent = hear(&mut mixer, &mut [], &mut receiver, 1);
    assert!(silent.iter().all(|sample| sample.norm() < 1e-6));
    hear(&mut mixer, &mut tones, &mut receiver, 3);
    let samples = hear(&mut mixer, &mut tones, &mut receiver, 3);
    assert!(samples.iter().all(|sample| (sample.norm() - 1.0).abs() < 1e-3));
}

#[test]
fn an_unheard_source_drops_its_samples_and_reports_when_it_is_heard() {
    let (spectrum, mut mixer) = Spectrum::stepped(quiet());
    let mut tones = [Tone::new(&spectrum, "A", 145_000_000.0, 48_000, 0.0)];
    tones[0].fill();
    assert_eq!(tones[0].source.send(vec![Complex32::ONE]), Err(Overrun));
    mixer.step();
    assert_eq!(tones[0].source.progress(), Progress { mixed: 4 * 960, heard: false, over: false });
    let mut receiver = spectrum.receiver(145_000_000.0, 48_000.0);
    let silent = hear(&mut mixer, &mut [], &mut receiver, 1);
    assert!(silent.iter().all(|sample| *sample == Complex32::ZERO));
    assert!(tones[0].source.progress().heard);
    hear(&mut mixer, &mut tones, &mut receiver, 3);
    assert!((decibels(level(&hear(&mut mixer, &mut tones, &mut receiver, 3), 48_000.0, 0.0))).abs() < 0.02);
    assert_eq!(spectrum.statistics().dry, 0);
}

#[tokio::test]
async fn an_unheard_source_is_woken_once_a_second_and_when_it_finishes() {
    let (spectrum, mut mixer) = Spectrum::stepped(quiet());
    let tone = Tone::new(&spectrum, "A", 145_000_000.0, 48_000, 0.0);
    // It was heard until now.
    mixer.step();
    tone.source.mixed().await;
    let is_woken = async |mixer: &mut Mixer| {
        mixer.step();
        tokio::select! { biased; _ = tone.source.mixed() => true, () = std::future::ready(()) => false }
    };
    let mut woken = 0;
    for _ in 0..100 {
        woken += u32::from(is_woken(&mut mixer).await);
    }
    assert_eq!(woken, 2);
    tone.source.finish();
    assert!(tone.source.mixed().await.over);
}

#[test]
fn a_source_that_has_finished_is_heard_to_its_last_sample() {
    for len in [2880, 2881, 3000, 3839] {
        let (spectrum, mut mixer) = Spectrum::stepped(quiet());
        let mut receiver = spectrum.receiver(145_000_000.0, 48_000.0);
        let tone = Tone::new(&spectrum, "A", 145_000_000.0, 48_000, 0.0);
        tone.source.send(vec![Complex32::ONE; len]).unwrap();
        tone.source.finish();
        let mut samples = Vec::new();
        while !tone.source.progress().over {
            samples.extend(hear(&mut mixer, &mut [], &mut receiver, 1));
        }
        drop(tone);
        samples.extend(hear(&mut mixer, &mut [], &mut receiver, 2));
        let loud = samples.iter().filter(|sample| sample.norm() > 0.5).count();
        assert!(loud.abs_diff(len) < 5, "{loud} of {len}");
    }
}

#[test]
fn a_frequency_that_wanders_does_so_without_clicks() {
    let path = Path { drift_hz: 2000.0, drift_seconds: 5.0, ..Path::default() };
    let settings = Settings { paths: BTreeMap::from([("A".to_owned(), path)]), ..quiet() };
    let (spectrum, mut mixer) = Spectrum::stepped(settings);
    let mut receiver = spectrum.receiver(145_000_000.0, 48_000.0);
    let mut tones = [Tone::new(&spectrum, "A", 145_000_000.0, 48_000, 0.0)];
    hear(&mut mixer, &mut tones, &mut receiver, 3);
    let samples = hear(&mut mixer, &mut tones, &mut receiver, 100);
    let turns: Vec<_> = samples.windows(2).map(|two| two[1] * two[0].conj()).collect();
    let worst = turns.windows(2).map(|two| (two[1] * two[0].conj()).arg().abs()).fold(0.0, f32::max);
    assert!(worst < 0.002, "the phase bends by {worst} radians within a sample");
    let hertz = turns.iter().map(|turn| turn.arg() * 48_000.0 / std::f32::consts::TAU);
    let (low, high) = hertz.fold((0.0_f32, 0.0_f32), |(low, high), hertz| (low.min(hertz), high.max(hertz)));
    assert!((high - 2000.0).abs() < 20.0 && low > -2000.0, "{low} to {high} Hz");
}

#[test]
fn more_receivers_than_one_thread_serves_hear_the_same() {
    let (spectrum, mut mixer) = Spectrum::stepped(quiet());
    let mut receivers: Vec<_> = (0..25).map(|_| spectrum.receiver(145_000_000.0, 48_000.0)).collect();
    let mut tone = Tone::new(&spectrum, "A", 145_000_000.0, 48_000, 100.0);
    for _ in 0..5 {
        tone.fill();
        mixer.step();
        let blocks: Vec<_> = receivers.iter_mut().map(|receiver| receiver.try_next().unwrap()).collect();
        assert!(blocks.iter().all(|block| block.samples == blocks[0].samples));
    }
}

#[test]
fn a_receiver_that_does_not_read_loses_the_oldest_blocks() {
    let (spectrum, mut mixer) = Spectrum::stepped(quiet());
    let mut receiver = spectrum.receiver(145_000_000.0, 48_000.0);
    (0..100).for_each(|_| mixer.step());
    let blocks: Vec<Block> = std::iter::from_fn(|| receiver.try_next()).collect();
    assert_eq!(blocks.len(), 25);
    assert_eq!(blocks[0].first, 75 * 960);
}

#[test]
fn a_receiver_follows_a_challenge() {
    let (spectrum, mut mixer) = Spectrum::stepped(quiet());
    let receiver = spectrum.receiver(145_000_000.0, 48_000.0);
    receiver.follow("B");
    let _other = Tone::new(&spectrum, "A", 144_500_000.0, 48_000, 0.0);
    mixer.step();
    assert_eq!(receiver.centre(), 145_000_000.0);
    let _its = Tone::new(&spectrum, "B", 433_500_000.0, 48_000, 0.0);
    mixer.step();
    assert_eq!(receiver.centre(), 433_500_000.0);
}

#[test]
fn absurd_rates_and_frequencies_become_possible_ones() {
    let (spectrum, mut mixer) = Spectrum::stepped(quiet());
    for rate in [f64::NAN, f64::INFINITY, -1.0, 0.0, 1e300, 48_099.0, 17.0] {
        let receiver = spectrum.receiver(f64::NAN, rate);
        assert!((10_000.0..=20_000_000.0).contains(&receiver.rate()) && receiver.rate() % 200.0 == 0.0);
        receiver.tune(f64::INFINITY);
        receiver.tune(-1e300);
        mixer.step();
    }
    let transmission = |rate, centre_hz| Transmission { challenge: "A".into(), centre_hz, nominal_hz: 0.0, rate };
    assert_eq!(spectrum.transmit(transmission(44_100, 1e8)).unwrap_err(), TransmissionError::Rate(44_100));
    assert!(spectrum.transmit(transmission(48_000, f64::NAN)).is_err());
}

#[tokio::test]
async fn the_air_ends_with_its_last_handle() {
    let spectrum = Spectrum::start(quiet()).unwrap();
    let mut receiver = spectrum.receiver(145_000_000.0, 48_000.0);
    assert!(receiver.next().await.is_some());
    drop(spectrum);
    while receiver.next().await.is_some() {}
}
