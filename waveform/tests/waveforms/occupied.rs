//! The planned band against the band that holds 99 % of the power, measured over whole signals.

use crate::support::{build, drain, noise, spectrum, tone, wav};
use challengectl_waveform::{Complex32, Waveform, find};
use serde_json::{Value, json};
use std::f64::consts::TAU;
use std::ops::Range;
use tempfile::NamedTempFile;

/// Part of the power that may lie on either side of the occupied band (ITU-R SM.328).
const OUTSIDE: f64 = 0.005;

/// Factor by which a planned band may exceed the measured one; the scheduler keeps all of it free.
const WIDER: f64 = 1.2;

fn measured(waveform: Box<dyn Waveform>) -> Range<f64> {
    let rate = waveform.sample_rate();
    let mut samples = drain(waveform, &[8192]);
    // Zeros after a short signal make the bins narrow.
    samples.resize(samples.len().max(1 << 17), Complex32::ZERO);
    band_of(&samples, rate)
}

fn band_of(samples: &[Complex32], rate: f64) -> Range<f64> {
    let mut bins = spectrum(samples, rate);
    bins.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let outside = OUTSIDE * bins.iter().map(|(_, power)| power).sum::<f64>();
    edge(bins.iter(), outside)..edge(bins.iter().rev(), outside)
}

/// Returns the frequency up to which the power, added up from the first bin on, is at most `outside`.
fn edge<'a>(mut bins: impl Iterator<Item = &'a (f64, f64)>, outside: f64) -> f64 {
    let mut sum = 0.0;
    let beyond = |(_, power): &&(f64, f64)| {
        sum += power;
        sum > outside
    };
    bins.find(beyond).unwrap().0
}

#[track_caller]
fn assert_fits(what: &str, make: impl Fn() -> Box<dyn Waveform>) {
    let planned = make().occupied_bandwidth();
    let measured = measured(make());
    let (width, needed) = (planned.end - planned.start, measured.end - measured.start);
    println!("{:.3} {what}: {planned:.0?} {measured:.0?}", width / needed);
    assert!(planned.start <= measured.start && planned.end >= measured.end, "{what}: {planned:?} for {measured:?}");
    assert!(width <= WIDER * needed, "{what}: {width:.0} Hz are planned for {needed:.0}");
}

#[track_caller]
fn assert_text_fits(name: &str, texts: &[&str], parameters: &[Value]) {
    let none = wav(8000, [0.5, -0.5]);
    for text in texts {
        for parameters in parameters {
            let what = format!("{name} {parameters} {:?}", text.chars().take(20).collect::<String>());
            assert_fits(&what, || build(find(name).unwrap(), text, &none, parameters));
        }
    }
}

#[test]
fn the_planned_band_of_morse_fits_the_text() {
    let texts =
        ["E", "T", "TTTT", "CQ CQ DE RFCTF K", "PARIS PARIS PARIS PARIS", "EEEEE EEEEE 5555", "0000", "E     T"];
    let parameters = [
        json!({}),
        json!({"wpm": 2}),
        json!({"wpm": 60}),
        json!({"wpm": 13.7, "tone": 0}),
        json!({"profile": "legacy"}),
        json!({"profile": "legacy", "wpm": 60, "tone": 3000}),
        json!({"profile": "legacy", "wpm": 3}),
    ];
    assert_text_fits("cw", &texts, &parameters);
}

#[test]
fn the_planned_band_of_on_off_keyed_bits_fits_the_text() {
    let long = "the quick brown fox jumps over the lazy dog ".repeat(20);
    let texts = ["@", "\u{7f}", "UUUUUUUU", "flag{this_is_ask_data}", "0", "1234", "ÿþ", &long];
    let parameters = [
        json!({}),
        json!({"repeats": 1}),
        json!({"repeats": 20, "baud": 5000}),
        json!({"baud": 100}),
        json!({"profile": "legacy", "repeats": 3}),
    ];
    assert_text_fits("ask", &texts, &parameters);
}

#[test]
fn the_planned_band_of_a_page_fits_the_text() {
    let long = "0123456789".repeat(50);
    let texts = ["0", "5555555555555555", "1234567890", &long];
    for baud in [512, 1200, 2400] {
        let parameters = [
            json!({"capcode": 1, "baud": baud}),
            json!({"capcode": 1_234_567, "baud": baud, "profile": "legacy"}),
            json!({"capcode": 2_097_151, "baud": baud, "function": 0, "encoding": "numeric"}),
        ];
        assert_text_fits("pocsag", &texts, &parameters);
        let tone = json!({"capcode": 8, "baud": baud, "function": 1, "encoding": "tone"});
        assert_text_fits("pocsag", &[""], &[tone]);
    }
}

#[test]
fn the_planned_band_of_a_restaurant_pager_fits_the_call() {
    let texts = ["-s 10 -p 976 -pf 1", "-s 255 -p 1023 -pf 255", "-s 0 -p 0 -pf 0"];
    assert_text_fits("lrs", &texts, &[json!({}), json!({"preset": "pager"})]);
}

#[test]
fn the_planned_band_of_a_picture_fits_the_text() {
    let texts = ["l", "CTF", "FLAG: ON THE WATERFALL", "-", "two rows\nof text"];
    let parameters = [
        json!({}),
        json!({"bandwidth": 2000}),
        json!({"bandwidth": 400_000, "line_time": 10}),
        json!({"invert": true}),
    ];
    assert_text_fits("paint", &texts, &parameters);
}

#[test]
fn the_planned_band_of_hops_fits_the_channels_that_are_reached() {
    let file = wav(8000, noise(4 * 8000));
    for parameters in [
        json!({"span": 200_000}),
        json!({"span": 60_000, "channel_spacing": 5000, "hop_rate": 50, "profile": "legacy"}),
        json!({"span": 500_000, "hop_rate": 2, "seed": "another"}),
    ] {
        let make = || build(find("fhss").unwrap(), "", &file, &parameters);
        assert_fits(&format!("fhss {parameters}"), make);
    }
}

/// So many seconds of something like speech: a tone that glides, swells and pauses, with overtones.
fn speech(seconds: f64) -> NamedTempFile {
    let rate = 8000.0;
    let mut phase = 0.0;
    wav(
        8000,
        (0..(seconds * rate) as usize).map(move |n| {
            let time = n as f64 / rate;
            phase += TAU * (180.0 + 60.0 * (TAU * 0.7 * time).sin()) / rate;
            let swell = (TAU * 1.3 * time).sin().max(0.0) * (0.6 + 0.4 * (TAU * 0.11 * time).sin());
            let voice: f64 = (1..12).map(|n| (phase * f64::from(n)).sin() / f64::from(n)).sum();
            (0.4 * swell * voice) as f32
        }),
    )
}

/// Returns sounds of about a second each.
fn sounds() -> Vec<(&'static str, NamedTempFile)> {
    let rtty = (0..8000).scan(0.0, |phase: &mut f64, n: u32| {
        *phase += TAU * if (n / 176).is_multiple_of(3) { 1085.0 } else { 915.0 } / 8000.0;
        Some(0.25 * phase.sin() as f32)
    });
    vec![
        ("low tone", wav(8000, tone(8000, 300.0, 8000))),
        ("tone", wav(8000, tone(8000, 1000.0, 8000))),
        ("high tone", wav(8000, tone(8000, 2900.0, 8000))),
        ("noise", wav(8000, noise(8000))),
        ("two tones", wav(8000, rtty)),
        ("speech", speech(3.0)),
        ("long speech", speech(41.0)),
        ("tone behind silence", wav(8000, (0..160_000).map(|_| 0.0).chain(tone(8000, 1000.0, 40_000)))),
    ]
}

/// Returns the widest of the bands occupied by consecutive stretches of `seconds`.
fn widest(samples: &[Complex32], rate: f64, seconds: f64) -> Range<f64> {
    // A last stretch of less than half is too short to compare.
    let stretches = samples.chunks((seconds * rate) as usize).filter(|piece| piece.len() as f64 > 0.5 * seconds * rate);
    let bands = stretches.map(|piece| band_of(piece, rate));
    bands.fold(0.0..0.0, |widest, band| widest.start.min(band.start)..widest.end.max(band.end))
}

/// Compares with the loudest stretch, since the carrier of FM is as strong in silence as in sound.
#[track_caller]
fn assert_loudest_fits(sound: &str, file: &NamedTempFile, parameters: &Value) {
    let nbfm = build(find("nbfm").unwrap(), "", file, parameters);
    let (planned, rate) = (nbfm.occupied_bandwidth(), nbfm.sample_rate());
    let samples = drain(nbfm, &[8192]);
    let (needed, most) = (widest(&samples, rate, 0.5), widest(&samples, rate, 0.1));
    let wider = (planned.end - planned.start) / (most.end - most.start);
    println!("{wider:.3} nbfm {parameters} {sound}: {planned:.0?} {needed:.0?} {most:.0?}");
    assert!(planned.start <= needed.start && planned.end >= needed.end, "{sound}: {planned:?} for {needed:?}");
    assert!(wider <= WIDER, "{sound}: {planned:?} are planned for {most:?}");
}

#[test]
fn the_planned_band_of_narrow_band_fm_fits_the_sound() {
    for (sound, file) in sounds() {
        for deviation in [1000, 2500, 5000, 10_000] {
            assert_loudest_fits(sound, &file, &json!({"deviation": deviation}));
        }
        assert_loudest_fits(sound, &file, &json!({"preemphasis": "none", "deviation": 3000}));
    }
}

#[test]
fn the_planned_band_of_narrow_band_fm_fits_a_short_sound_in_a_long_silence() {
    let within = |seconds: usize, sound: Vec<f32>| {
        let before = 8000 * seconds / 3;
        let after = 8000 * seconds - before - sound.len();
        wav(8000, std::iter::repeat_n(0.0, before).chain(sound).chain(std::iter::repeat_n(0.0, after)))
    };
    let high: Vec<f32> = tone(8000, 2900.0, 4000).collect();
    let cases = [
        ("half a second of a high tone in a minute", within(60, high.clone())),
        ("half a second of a tone in a minute", within(60, tone(8000, 1000.0, 4000).collect())),
        ("a second of noise in a minute", within(60, noise(8000).collect())),
        // The low tone is louder, but the high one moves the carrier further.
        (
            "a high tone between deep ones",
            within(60, {
                let deep = || tone(8000, 200.0, 16_000);
                deep().chain(high.iter().map(|sample| 0.8 * sample)).chain(deep()).collect()
            }),
        ),
    ];
    for (sound, file) in cases {
        assert_loudest_fits(sound, &file, &json!({}));
    }
}
