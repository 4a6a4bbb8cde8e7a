//! What each mode makes of a known signal.

use super::*;
use crate::listen::Mode;
use crate::listen::testing::{BAND, gaussian, heard, signal, tone};
use std::f64::consts::TAU;
use std::ops::Range;

/// Where the signals are, above the centre: on no bin.
const OFFSET: f64 = 234_567.0;

/// The tone that is sent.
const TONE: f64 = 1_000.0;

/// What is left of following a carrier that has just begun, against the tone, in decibels.
const CARRIER: f64 = 38.0;

fn tuned(mode: Mode) -> Tuning {
    Tuning::new(&BAND, BAND.centre() + OFFSET, mode).unwrap()
}

fn plus_noise(samples: Vec<Complex32>, deviation: f32) -> Vec<Complex32> {
    samples.into_iter().zip(gaussian(deviation)).map(|(sample, noise)| sample + noise).collect()
}

/// Measures the amplitude of a tone in the sound, and the ratio of its power to that of all else, in decibels.
fn measured(sound: &[f32], rate: u32, hertz: f64) -> (f64, f64) {
    let mean = sound.iter().map(|sample| f64::from(*sample)).sum::<f64>() / sound.len() as f64;
    let (mut re, mut im) = (0.0, 0.0);
    for (n, sample) in sound.iter().enumerate() {
        let (sin, cos) = (TAU * hertz * n as f64 / f64::from(rate)).sin_cos();
        re += (f64::from(*sample) - mean) * cos;
        im -= (f64::from(*sample) - mean) * sin;
    }
    let scale = 2.0 / sound.len() as f64;
    let amplitude = scale * f64::hypot(re, im);
    let total = sound.iter().map(|sample| (f64::from(*sample) - mean).powi(2)).sum::<f64>() / sound.len() as f64;
    let tone = amplitude * amplitude / 2.0;
    (amplitude, 10.0 * (tone / (total - tone).max(1e-15)).log10())
}

fn check(samples: &[Complex32], tuning: Tuning, hertz: f64, amplitude: Range<f64>, ratio: f64) {
    let mode = tuning.mode();
    let sound = heard(samples, tuning);
    let (found, found_ratio) = measured(&sound, mode.audio_rate(), hertz);
    assert!(amplitude.contains(&found), "{mode:?}: a tone of amplitude {found}, not of {amplitude:?}");
    assert!(found_ratio > ratio, "{mode:?}: {found_ratio:.1} dB above all else, not {ratio}");
}

fn am(depth: f64, level: f64) -> Vec<Complex32> {
    signal(|time| (OFFSET * time, level * (1.0 + depth * (TAU * TONE * time).sin())))
}

fn fm(deviation: f64, level: f64, error: f64) -> Vec<Complex32> {
    let index = deviation / TONE / TAU;
    signal(|time| ((OFFSET + error) * time - index * (TAU * TONE * time).cos(), level))
}

#[test]
fn am_gives_the_tone_whatever_the_carriers_level() {
    for level in [0.5, 0.005] {
        check(&am(0.8, level), tuned(Mode::Am), TONE, 0.38..0.42, CARRIER);
    }
}

#[test]
fn am_is_heard_50_hz_beside_its_frequency() {
    let tuning = tuned(Mode::Am).at(&BAND, BAND.centre() + OFFSET + 50.0).unwrap();
    check(&am(0.8, 0.1), tuning, TONE, 0.38..0.42, CARRIER);
}

#[test]
fn nbfm_gives_the_tone_at_the_level_of_its_deviation() {
    check(&fm(2_400.0, 0.01, 0.0), tuned(Mode::Nbfm), TONE, 0.29..0.31, 50.0);
}

#[test]
fn nbfm_bears_a_frequency_error_of_half_a_kilohertz() {
    check(&fm(2_400.0, 0.01, 500.0), tuned(Mode::Nbfm), TONE, 0.29..0.31, 44.0);
}

#[test]
fn wbfm_gives_the_tone_at_the_level_of_its_deviation() {
    let tuning = tuned(Mode::Wbfm).with_deemphasis(0.0).unwrap();
    check(&fm(75e3, 0.1, 0.0), tuning, TONE, 0.74..0.76, 60.0);
}

#[test]
fn deemphasis_is_3_db_at_its_corner() {
    // 1/2πτ is 1 kHz for 159.2 µs.
    let tuning = tuned(Mode::Wbfm).with_deemphasis(159.155).unwrap();
    check(&fm(75e3, 0.1, 0.0), tuning, TONE, 0.52..0.54, 60.0);
}

#[test]
fn usb_and_lsb_give_the_tone_on_their_side() {
    check(&tone(OFFSET + TONE, 0.001), tuned(Mode::Usb), TONE, 0.24..0.26, 60.0);
    check(&tone(OFFSET - TONE, 0.001), tuned(Mode::Lsb), TONE, 0.24..0.26, 60.0);
}

#[test]
fn the_other_sideband_is_60_db_down() {
    // With a tone on its own side, by which the gain is set; at another frequency, so that they can be told apart.
    for (mode, side) in [(Mode::Usb, 1.0), (Mode::Lsb, -1.0)] {
        let wanted = tone(OFFSET + side * 1_500.0, 0.01);
        let image = tone(OFFSET - side * TONE, 0.01);
        let both: Vec<_> = wanted.into_iter().zip(image).map(|(a, b)| a + b).collect();
        let sound = heard(&both, tuned(mode));
        let ((wanted, _), (image, _)) = (measured(&sound, 12_000, 1_500.0), measured(&sound, 12_000, TONE));
        let rejection = 20.0 * (wanted / image).log10();
        assert!(rejection > 60.0, "{mode:?}: {rejection:.1} dB");
    }
}

#[test]
fn cw_gives_a_tone_of_700_hz_and_nothing_of_a_neighbour_300_hz_away() {
    check(&tone(OFFSET, 0.01), tuned(Mode::Cw), 700.0, 0.24..0.26, 60.0);
    let both: Vec<_> = tone(OFFSET, 0.01).into_iter().zip(tone(OFFSET + 300.0, 0.01)).map(|(a, b)| a + b).collect();
    check(&both, tuned(Mode::Cw), 700.0, 0.24..0.26, 60.0);
}

#[test]
fn noise_comes_out_as_what_it_is_in_the_passband() {
    // 30 dB above the noise in 2.7 kHz.
    let deviation = (2_048_000.0_f64 / 2_700.0 / 2.0).sqrt() * 0.01 * 10.0_f64.powf(-30.0 / 20.0);
    let noisy = plus_noise(tone(OFFSET + TONE, 0.01), deviation as f32);
    let (_, ratio) = measured(&heard(&noisy, tuned(Mode::Usb)), 12_000, TONE);
    assert!((ratio - 30.0).abs() < 1.5, "{ratio:.1} dB");
}

#[test]
fn a_neighbour_25_khz_away_and_40_db_stronger_is_not_heard() {
    let neighbour = tone(OFFSET + 25e3, 0.5);
    let both: Vec<_> = fm(2_400.0, 0.005, 0.0).into_iter().zip(neighbour).map(|(a, b)| a + b).collect();
    check(&both, tuned(Mode::Nbfm), TONE, 0.29..0.31, 40.0);
}

#[test]
fn a_closed_squelch_is_silence_and_a_signal_opens_it() {
    let squelched = || tuned(Mode::Nbfm).with_squelch(Some(10.0)).unwrap();
    assert!(heard(&gaussian(0.01), squelched()).iter().all(|sample| *sample == 0.0));
    let signal = plus_noise(fm(2_400.0, 0.1, 0.0), 0.01);
    assert!(heard(&signal, squelched()).iter().any(|sample| *sample > 0.2));
    assert!(heard(&gaussian(0.01), tuned(Mode::Nbfm)).iter().any(|sample| *sample > 0.2), "off by default");
}

#[test]
fn retuning_goes_on_without_a_break_in_the_same_mode() {
    let mut plans = Plans::new();
    let mut demodulator = Demodulator::new(tuned(Mode::Usb), &mut plans);
    for hertz in [145e6, 145.1e6, 144.1e6] {
        demodulator.retune(tuned(Mode::Usb).at(&BAND, hertz).unwrap(), &mut plans);
        assert_eq!(demodulator.tuning().hertz(), hertz);
    }
    demodulator.retune(tuned(Mode::Wbfm), &mut plans);
    assert_eq!(demodulator.tuning().mode(), Mode::Wbfm);
}
