//! Sound, from the WAV file to the signal.

use crate::support::{build, drain, float, noise, power_in, spectrum, stereo, tone, wav};
use challengectl_waveform::{Complex32, Payload, find};
use serde_json::{Value, json};
use std::f32::consts::TAU;
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use tempfile::NamedTempFile;

fn sent(name: &str, rate: u32, sound: impl IntoIterator<Item = f32>, parameters: &Value) -> (f64, Vec<Complex32>) {
    let waveform = build(find(name).unwrap(), "", &wav(rate, sound), parameters);
    (waveform.sample_rate(), drain(waveform, &[4096]))
}

fn decibels(ratio: f64) -> f64 {
    10.0 * ratio.log10()
}

#[test]
fn the_other_sideband_and_the_carrier_are_50_decibels_down() {
    for (mode, sign) in [("usb", 1.0), ("lsb", -1.0)] {
        for hertz in [350.0, 1000.0, 2900.0] {
            let (rate, samples) = sent("ssb", 48_000, tone(48_000, hertz, 48_000), &json!({"mode": mode}));
            let spectrum = spectrum(&samples, rate);
            let around = |middle: f64| decibels(power_in(&spectrum, &(middle - 50.0..middle + 50.0)));
            assert!(around(sign * hertz) > -0.1, "{mode} {hertz}");
            assert!(around(-sign * hertz) < -50.0, "{mode} {hertz}: {:.1} dB", around(-sign * hertz));
            assert!(around(0.0) < -50.0, "{mode} {hertz}: {:.1} dB", around(0.0));
        }
    }
}

#[test]
fn single_sideband_is_linear() {
    let peak = |level: f32| {
        let tone = tone(48_000, 1500.0, 24_000).map(|sample| sample * level);
        let (_, samples) = sent("ssb", 48_000, tone, &json!({"level": "as_is"}));
        samples[3000..].iter().take(1000).map(|sample| sample.norm()).fold(0.0, f32::max)
    };
    assert!((peak(1.0) - 0.325).abs() < 0.002, "{}", peak(1.0));
    assert!((peak(0.1) * 10.0 - peak(1.0)).abs() < 0.002);
}

#[test]
fn no_sound_drives_single_sideband_beyond_full_scale() {
    // The worst case follows from the response to single impulses, one at each position that a sample of 48 kHz can
    // have within one of 12 kHz.
    let mut worst = [0.0; 64];
    for place in 0..4 {
        let impulse = (0..4800).map(|n| if n == 2400 + place { 1.0 } else { 0.0 });
        let (_, response) = sent("ssb", 48_000, impulse, &json!({}));
        for (step, worst) in worst.iter_mut().enumerate() {
            let direction = Complex32::cis(step as f32 / 64.0 * TAU);
            *worst += response.iter().map(|sample| (sample * direction).re.abs()).sum::<f32>();
        }
    }
    assert!(worst.iter().all(|worst| *worst <= 1.0), "{worst:?}");
}

/// Returns the frequency in hertz from each sample to the next, where there is a carrier.
fn deviations(rate: f64, samples: &[Complex32]) -> Vec<f32> {
    let carrier = samples.windows(2).filter(|pair| pair[0].norm() > 0.99 && pair[1].norm() > 0.99);
    carrier.map(|pair| (pair[1] * pair[0].conj()).arg() / TAU * rate as f32).collect()
}

fn peak_deviation(sound: impl IntoIterator<Item = f32>, parameters: &Value) -> f32 {
    let (rate, samples) = sent("nbfm", 48_000, sound, parameters);
    deviations(rate, &samples).into_iter().map(f32::abs).fold(0.0, f32::max)
}

#[test]
fn the_carrier_never_moves_further_than_the_deviation() {
    for deviation in [1000, 5000, 10_000] {
        let square = tone(48_000, 700.0, 9600).map(f32::signum);
        assert!(peak_deviation(square, &json!({"deviation": deviation})) < deviation as f32 * 1.001);
        assert!(peak_deviation(noise(9600), &json!({"deviation": deviation})) < deviation as f32 * 1.001);
    }
}

#[test]
fn high_tones_are_raised_as_receivers_lower_them() {
    for (time_constant, name) in [(75e-6, "75us"), (50e-6, "50us"), (0.0, "none")] {
        let deviation = |hertz| peak_deviation(tone(48_000, hertz, 9600), &json!({"preemphasis": name}));
        let raised = |hertz: f64| (1.0 + (std::f64::consts::TAU * hertz * time_constant).powi(2)).sqrt();
        let highest = deviation(2900.0);
        assert!((4700.0..=5001.0).contains(&highest), "{name}: {highest}");
        for hertz in [400.0, 1000.0, 2000.0] {
            let (is, should) = (deviation(hertz) / highest, raised(hertz) / raised(2900.0));
            assert!((f64::from(is) / should - 1.0).abs() < 0.03, "{name} {hertz}: {is} instead of {should}");
        }
    }
}

#[test]
fn sound_that_no_voice_channel_carries_is_not_sent() {
    let swell = (0..9600).map(|n| (n as f32 / 9600.0 * TAU / 2.0).sin().powi(2));
    let deviation = peak_deviation(tone(48_000, 5000.0, 9600).zip(swell).map(|(tone, swell)| tone * swell), &json!({}));
    assert!(deviation < 20.0, "{deviation}");
}

#[test]
fn two_hours_of_sound_are_streamed() {
    let mut file = wav(48_000, [0.25, -0.25]);
    let bytes = 2 * 7200 * 48_000u32;
    file.seek(SeekFrom::Start(40)).unwrap();
    file.write_all(&bytes.to_le_bytes()).unwrap();
    file.as_file().set_len(44 + u64::from(bytes)).unwrap();
    for name in ["nbfm", "ssb"] {
        let mut waveform = build(find(name).unwrap(), "", &file, &json!({}));
        assert!((waveform.duration() - 7200.0).abs() < 0.1);
        assert_eq!(waveform.fill(&mut [Complex32::ZERO; 50_000]).unwrap(), 50_000);
    }
}

#[test]
fn a_file_that_is_missing_is_an_error_before_anything_is_on_air() {
    let missing = Payload::File("/nonexistent/flag.wav".as_ref());
    let error = find("nbfm").unwrap().waveform(missing, &serde_json::Map::new()).err().unwrap();
    assert!(error.to_string().starts_with("cannot be read: "), "{error}");
}

fn refused(name: &str, file: &NamedTempFile) -> String {
    let refused = find(name).unwrap().waveform(Payload::File(file.path()), &serde_json::Map::new());
    refused.err().map(|error| error.to_string()).unwrap_or_default()
}

/// Returns a second of a tone with this peak.
fn second(peak: f32) -> impl Iterator<Item = f32> {
    tone(8000, 440.0, 8000).map(move |sample| peak * sample)
}

#[test]
fn silent_sound_is_refused() {
    let mut broken: Vec<f32> = second(0.5).collect();
    broken[2000] = f32::NAN;
    broken[3000] = f32::NEG_INFINITY;
    let cases = [
        (wav(8000, [0.0; 8000]), "the file is silent: all samples are 0; export it again"),
        (stereo(8000, [[0.0; 2]; 8000]), "the file is silent: all samples are 0; export it again"),
        (wav(8000, second(0.001)), "the file is silent: its peak is 60 dB below full scale; export it louder"),
        (float(8000, second(0.00003)), "the file is silent: its peak is 90 dB below full scale; export it louder"),
        (wav(8000, [0.5; 8000]), "the file holds no sound, only a constant level; export it again"),
        (stereo(8000, [[0.5, -0.5]; 8000]), "the file holds no sound, only a constant level; export it again"),
        (
            stereo(8000, second(0.0016).map(|sample| [sample, 0.0])),
            "the file is silent: its peak is 62 dB below full scale; export it louder",
        ),
        (
            stereo(8000, second(0.5).map(|sample| [sample, -sample])),
            "the two channels cancel out when mixed down to mono, since one is the other inverted; export one of them \
             as mono",
        ),
        (
            stereo(8000, second(0.5).map(|sample| [sample, -0.985 * sample])),
            "the two channels cancel out when mixed down to mono, since one is the other inverted; export one of them \
             as mono",
        ),
        (
            float(8000, [f32::NAN; 8000]),
            "8000 samples are not numbers (NaN or infinite), the first at 0.000 s; export it as 16-bit PCM",
        ),
        (
            float(8000, broken),
            "2 samples are not numbers (NaN or infinite), the first at 0.250 s; export it as 16-bit PCM",
        ),
    ];
    for (file, reason) in cases {
        for name in ["nbfm", "ssb"] {
            assert_eq!(refused(name, &file), reason);
        }
    }
}

fn remarks(file: &NamedTempFile, parameters: &Value) -> Vec<String> {
    let nbfm = find("nbfm").unwrap();
    nbfm.built(Payload::File(file.path()), parameters.as_object().unwrap()).unwrap().remarks
}

#[test]
fn unusual_sound_is_remarked() {
    let cut = wav(8000, second(0.5));
    cut.as_file().write_all_at(&4000u32.to_le_bytes(), 40).unwrap();
    let cases = [
        (
            wav(8000, second(0.01)),
            "it is very quiet, its peak is 40 dB below full scale; it is raised, and its noise with it",
        ),
        (
            wav(8000, second(2.0).map(|sample| sample.clamp(-1.0, 1.0))),
            "67 % of its samples are at full scale: it is clipped; export it at a lower level",
        ),
        (
            stereo(8000, second(0.5).map(|sample| [0.0, sample])),
            "its left channel is silent; only the right one is sent",
        ),
        (
            stereo(8000, second(0.5).map(|sample| [sample, -0.8 * sample])),
            "mixing its two channels down to mono loses 19 dB, since they partly cancel out; export one of them as \
             mono",
        ),
        (
            wav(8000, second(0.5).map(|sample| sample + 0.25)),
            "33 % of its peak is a constant offset, which moves an FM carrier off its frequency; remove the offset",
        ),
        (
            cut,
            "its header gives 0.2 s, but the file holds 1.0 s of sound; only the first 0.2 s are sent; `sox \
             --ignore-length` repairs the header",
        ),
    ];
    for (file, remark) in cases {
        assert_eq!(remarks(&file, &json!({})), [remark]);
    }
    let quiet = remarks(&wav(8000, second(0.01)), &json!({"level": "as_is"}));
    assert_eq!(quiet, ["it is very quiet, its peak is 40 dB below full scale; with `level: as_is` it stays so"]);
}

#[test]
fn sound_outside_of_the_band_that_is_sent_is_remarked() {
    let remarks = |name: &str, hertz: f64| {
        let file = wav(48_000, tone(48_000, hertz, 48_000).map(|sample| 0.5 * sample));
        find(name).unwrap().built(Payload::File(file.path()), &serde_json::Map::new()).unwrap().remarks
    };
    let remark = |band| {
        format!(
            "almost none of its sound lies between {band}, the band that is sent; export it with sound in that band"
        )
    };
    for hertz in [5000.0, 15_000.0] {
        assert_eq!(remarks("nbfm", hertz), [remark("0 and 3000 Hz")]);
        assert_eq!(remarks("ssb", hertz), [remark("300 and 3000 Hz")]);
    }
    assert_eq!(remarks("ssb", 50.0), [remark("300 and 3000 Hz")]);
    for (name, hertz) in [("nbfm", 50.0), ("nbfm", 2900.0), ("ssb", 310.0), ("ssb", 2900.0)] {
        assert_eq!(remarks(name, hertz), [""; 0], "{name} {hertz}");
    }
}

#[test]
fn ordinary_sound_is_not_remarked() {
    for peak in [0.05, 0.25, 1.0] {
        assert!(remarks(&wav(8000, second(peak)), &json!({})).is_empty(), "{peak}");
        let stereo = stereo(8000, second(peak).zip(noise(8000)).map(|(tone, noise)| [tone, peak * noise]));
        assert!(remarks(&stereo, &json!({})).is_empty(), "{peak}");
    }
    assert!(remarks(&float(8000, second(4.0)), &json!({})).is_empty());
}

#[test]
fn quiet_sound_is_raised_to_full_scale_unless_the_level_is_as_is() {
    for peak in [0.02, 0.25, 1.0] {
        let tone = || tone(48_000, 2900.0, 9600).map(|sample| peak * sample);
        let raised = peak_deviation(tone(), &json!({}));
        assert!((4900.0..=5001.0).contains(&raised), "{peak}: {raised}");
        let as_is = peak_deviation(tone(), &json!({"level": "as_is"}));
        assert!((as_is / 5000.0 / peak - 1.0).abs() < 0.03, "{peak}: {as_is}");
    }
}

#[test]
fn sound_beyond_full_scale_is_lowered_instead_of_clipped() {
    let loud = |parameters| {
        let file = float(48_000, tone(48_000, 1000.0, 9600).map(|sample| 4.0 * sample));
        let samples = drain(build(find("ssb").unwrap(), "", &file, &parameters), &[4096]);
        samples[600..].iter().take(400).map(|sample| sample.norm()).fold(0.0, f32::max)
    };
    assert!((loud(json!({})) - 0.325).abs() < 0.01);
    // A square wave is louder than a sine of the same peak.
    assert!(loud(json!({"level": "as_is"})) > 0.37);
}
