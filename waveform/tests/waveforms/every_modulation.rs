//! Properties of every modulation, with any payload.

use crate::support::{build, drain, noise, power_in, spectrum, wav};
use challengectl_waveform::{Complex32, Kind, MODULATIONS, Modulation, Payload, Waveform, find, resample, shift};
use proptest::prelude::*;
use proptest::strategy::Union;
use serde_json::{Map, Value, json};
use tempfile::NamedTempFile;

/// The input of one waveform.
#[derive(Debug)]
struct Case {
    modulation: &'static Modulation,
    text: String,
    file: NamedTempFile,
    parameters: Value,
}

impl Case {
    fn build(&self) -> Box<dyn Waveform> {
        build(self.modulation, &self.text, &self.file, &self.parameters)
    }
}

/// Generates text that the modulation can send.
fn text(modulation: &Modulation) -> BoxedStrategy<String> {
    match modulation.name {
        "cw" => "[A-Z0-9.,?]( ?[a-z0-9=/@]){0,6}".boxed(),
        // A drawing must differ from its ground.
        "paint" => "[!-~]{1,12}".boxed(),
        "lrs" => (0..256, 0..1024, 0..256).prop_map(|(s, p, f)| format!("-s {s} -p {p} -pf {f}")).boxed(),
        "pocsag" => "[0-9]{1,30}".boxed(),
        _ => "[^\0]{1,12}".boxed(),
    }
}

/// Generates a valid value of the parameter.
fn value(name: &str, kind: Kind) -> BoxedStrategy<Value> {
    match (name, kind) {
        ("baud", Kind::Integer { .. }) => prop::sample::select(vec![512, 1200, 2400]).prop_map(Value::from).boxed(),
        ("encoding", _) => prop::sample::select(vec!["alphanumeric", "numeric"]).prop_map(Value::from).boxed(),
        ("repeats", _) => (1..5).prop_map(Value::from).boxed(),
        // Narrow enough for the rates here, and channels that find room in it.
        ("span", _) => (20_000.0..40_000.0).prop_map(Value::from).boxed(),
        ("channel_spacing", _) => (1000.0..5000.0).prop_map(Value::from).boxed(),
        // What noise as wide as a picture does to its magnitude is no click.
        ("bandwidth", _) => (2000.0..30_000.0).prop_map(Value::from).boxed(),
        ("line_time", _) => (5.0..40.0).prop_map(Value::from).boxed(),
        ("message", _) => "[ -~]{0,80}".prop_map(Value::from).boxed(),
        // Slower is only longer.
        ("wpm", _) => (15.0..60.0).prop_map(Value::from).boxed(),
        (_, Kind::Integer { min, max, .. }) => (min..=max).prop_map(Value::from).boxed(),
        (_, Kind::Number { min, max, .. }) => (min..=max).prop_map(Value::from).boxed(),
        (_, Kind::Choice { of, .. }) => prop::sample::select(of).prop_map(Value::from).boxed(),
        (_, Kind::Text { max, .. }) => {
            prop::string::string_regex(&format!("[ -~]{{0,{max}}}")).unwrap().prop_map(Value::from).boxed()
        }
        (_, Kind::Switch { .. }) => any::<bool>().prop_map(Value::from).boxed(),
    }
}

fn case() -> impl Strategy<Value = Case> {
    Union::new(MODULATIONS.iter().map(|modulation| {
        let none = Just(Map::new()).boxed();
        let parameters = modulation.parameters.iter().fold(none, |all, parameter| {
            (all, value(parameter.name, parameter.kind))
                .prop_map(|(mut all, value)| {
                    all.insert(parameter.name.to_owned(), value);
                    all
                })
                .boxed()
        });
        let rate = prop::sample::select(vec![8000, 11_025, 44_100, 48_000, 96_000]);
        (text(modulation), rate, 100..4000usize, parameters).prop_map(|(text, rate, samples, parameters)| Case {
            modulation,
            text,
            file: wav(rate, noise(samples)),
            parameters: Value::Object(parameters),
        })
    }))
}

fn magnitudes(samples: &[Complex32]) -> impl Iterator<Item = f32> {
    samples.iter().map(|sample| sample.norm())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_way_of_cutting_gives_the_same_samples(
        case in case(),
        rate in 100_000.0..400_000.0,
        calls in prop::collection::vec(1..5000usize, 1..6),
    ) {
        let make = || shift(resample(case.build(), rate).unwrap(), 1234.5);
        prop_assert!(drain(case.build(), &calls) == drain(case.build(), &[1 << 20]));
        prop_assert!(drain(make(), &calls) == drain(make(), &[1 << 20]));
    }

    #[test]
    fn a_waveform_begins_and_ends_in_silence_without_clicks_and_within_full_scale(case in case()) {
        let rate = 1e6;
        let samples = drain(resample(case.build(), rate).unwrap(), &[8192]);
        prop_assert!(magnitudes(&samples).all(|magnitude| magnitude <= 1.0));
        let silence = (0.002 * rate) as usize;
        prop_assert!(magnitudes(&samples[..silence]).all(|magnitude| magnitude < 1e-3));
        prop_assert!(magnitudes(&samples[samples.len() - silence..]).all(|magnitude| magnitude < 1e-3));
        // The steepest edge, that of ASK at 5000 Bd, takes 20 µs.
        let steepest = samples.windows(2).map(|pair| (pair[1].norm() - pair[0].norm()).abs()).fold(0.0, f32::max);
        prop_assert!(steepest < 0.09, "{steepest}");
    }

    #[test]
    fn the_occupied_bandwidth_holds_99_percent_of_the_power(case in case()) {
        let waveform = case.build();
        let (rate, band) = (waveform.sample_rate(), waveform.occupied_bandwidth());
        let share = power_in(&spectrum(&drain(waveform, &[8192]), rate), &band);
        prop_assert!(share >= 0.99, "{share:.4} within {band:?}");
    }

    #[test]
    fn resampling_keeps_duration_and_bandwidth(case in case(), rate in 100_000.0..400_000.0) {
        let (before, after) = (case.build(), resample(case.build(), rate).unwrap());
        // A sample of the lower rate: what makes its samples at any rate rounds up at each.
        let sample = 1.0 / rate.min(before.sample_rate());
        prop_assert!((before.duration() - after.duration()).abs() <= sample);
        prop_assert_eq!(before.occupied_bandwidth(), after.occupied_bandwidth());
        prop_assert_eq!(after.sample_rate(), rate);
    }
}

#[test]
fn every_mode_lasts_as_long_as_it_should() {
    let file = wav(8000, noise(12_345));
    let expected = [
        ("cw", "CQ CQ DE RFCTF K", json!({"wpm": 576.0 / 35.0, "profile": "legacy"}), 11.375),
        ("cw", "PARIS PARIS", json!({"wpm": 12}), 0.1 * (1.0 + 50.0 + 43.0 + 7.0)),
        ("ask", "flag{this_is_ask_data}", json!({"profile": "legacy"}), 7331.0 / 3211.0),
        ("ask", "1234", json!({"repeats": 3, "baud": 1000}), (3.0 * 57.0 + 5321.0) / 1000.0),
        ("pocsag", "CI test POCSAG message", json!({"capcode": 123_456, "profile": "legacy"}), 2.1875),
        ("pocsag", "DEF CON 30 HOM3C0MING", json!({"capcode": 1_234_567, "baud": 1200}), 3.25 * 512.0 / 1200.0),
        ("lrs", "-s 1", json!({}), 0.71775),
        ("nbfm", "", json!({}), 12_345.0 / 8000.0),
        ("fhss", "", json!({"span": 100_000}), 12_345.0 / 8000.0),
        ("ssb", "", json!({}), 12_345.0 / 8000.0),
    ];
    for (name, text, parameters, seconds) in expected {
        let duration = build(find(name).unwrap(), text, &file, &parameters).duration();
        let more = duration - seconds;
        assert!(
            (0.009..0.055).contains(&more),
            "{name}: silence at the ends should make it a little more than {seconds} s, not {duration}"
        );
    }
}

#[test]
fn a_watermark_goes_before_every_modulation_without_a_click() {
    let file = wav(8000, noise(800));
    for modulation in MODULATIONS {
        let (text, parameters) = match modulation.name {
            "lrs" => ("-s 1", json!({})),
            "pocsag" => ("CQ", json!({"capcode": 8})),
            "fhss" => ("", json!({"span": 100_000})),
            _ => ("CQ", json!({})),
        };
        let mut marked = parameters.clone();
        marked["watermark"] = "CTF".into();
        let make = |parameters: &Value| resample(build(modulation, text, &file, parameters), 250_000.0).unwrap();
        let (bare, marked) = (make(&parameters), make(&marked));
        let (band, seconds) = (marked.occupied_bandwidth(), marked.duration() - bare.duration());
        assert!((1.0..1.5).contains(&seconds), "{}: {seconds}", modulation.name);
        assert!(band.start <= bare.occupied_bandwidth().start && band.end >= 11_000.0, "{}: {band:?}", modulation.name);
        let samples = drain(marked, &[4099]);
        assert!(magnitudes(&samples).all(|magnitude| magnitude <= 1.0));
        // All of it is there behind the pause, as it would be without.
        let (before, behind) = samples.split_at(samples.len() - bare.len() as usize);
        assert!(magnitudes(&before[before.len() - 20_000..]).all(|magnitude| magnitude < 1e-3), "{}", modulation.name);
        for (found, wanted) in behind.iter().zip(drain(bare, &[8192])) {
            assert!((found - wanted).norm() < 0.05, "{}: {found} for {wanted}", modulation.name);
        }
    }
}

#[test]
fn text_that_makes_no_signal_is_refused() {
    for (name, texts) in [("ask", ["", "\0"]), ("cw", ["", " \t "]), ("lrs", ["", " "])] {
        for text in texts {
            let refused = find(name).unwrap().waveform(Payload::Text(text), &Map::new()).err().unwrap().to_string();
            assert!(refused.starts_with("text: there is nothing to send"), "{name}: {refused}");
        }
    }
}

#[test]
fn the_registry_is_in_order_and_explains_itself() {
    assert!(MODULATIONS.is_sorted_by_key(|modulation| modulation.name));
    for modulation in MODULATIONS {
        for help in modulation.parameters.iter().map(|parameter| parameter.help).chain([modulation.help]) {
            assert!(help.ends_with('.') && help.len() < 200, "{}: {help}", modulation.name);
        }
        for (index, parameter) in modulation.parameters.iter().enumerate() {
            // Keys that a task uses for its text and for the rate of its WAV file.
            assert!(!["text", "wav_samplerate"].contains(&parameter.name), "{} {}", modulation.name, parameter.name);
            let Some(condition) = parameter.only_when else { continue };
            let other = modulation.parameters[..index].iter().find(|other| other.name == condition.parameter);
            let values = match other.map(|other| other.kind) {
                Some(Kind::Choice { of, .. }) => of,
                Some(Kind::Switch { .. }) => &["true", "false"],
                _ => {
                    panic!("{} {}: depends on no choice or switch declared before it", modulation.name, parameter.name)
                }
            };
            assert!(condition.values.iter().all(|value| values.contains(value)), "{}: {condition}", modulation.name);
        }
    }
}
