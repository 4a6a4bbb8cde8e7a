//! Every key and every modulation that the example files of the older challengectl have, in the forms that they have there.

use crate::support::{Folder, assert_refused, only, remarks, transmission, wav, yaml, yaml_problems};
use challengectl_common::Payload;
use std::fmt::Write;

/// Of a standalone file: radios and a draft of ranges beside the challenges, and voice with a text beside it.
const STANDALONE: &str = "\
---
mode: controller
conference: {name: Some CTF, start: \"2063-04-05 09:00:00 -5\", stop: \"2063-04-07 12:00:00 -5\"}
radios:
  autodetect: True
  models: [{model: hackrf, rf_gain: 14, if_gain: 32, bias_t: True, rf_samplerate: 2000000, ppm: 0}]
  devices: [{name: 0, model: hackrf, frequency_limits: [ham_144, 800000000-850000000]}]
challenges:
  - default_min_delay: 60
    default_max_delay: 90
  - {name: SIDE, frequency: 146550000, modulation: ssb, mode: lsb, flag: wav/voice.wav, wav_samplerate: 48000}
  - {name: TOLD, frequency: 146550000, modulation: ssb, mode: usb, flag: wav/voice.wav, text: beside it}
  - {name: MORSE, frequency: 146550000, modulation: cw, flag: some words, speed: 35, enabled: True}
frequency-ranges:
  - name:
    start:
    stop:
";

/// Of a server's file and of an import: hops, a picture of bare bytes, a switch that records.
const SERVED: &str = "\
challenges:
  - name: HOPS
    frequency: 146550000
    modulation: fhss
    flag: wav/voice.wav
    channel_spacing: 10000
    hop_rate: 10
    hop_time: 60
    seed: RFHS
    wav_samplerate: 48000
    min_delay: 120
    max_delay: 180
    enabled: true
  - name: PICTURE
    frequency: 147000000
    modulation: paint
    flag: wav/logo.bin
    enabled: true
  - name: RECORDED
    frequency_ranges:
      - ham_144
      - ham_220
    modulation: nbfm
    flag: wav/voice.wav
    wav_samplerate: 48000
    record_iq: true
    spectrum_paint_before_challenge: true
";

fn folder(name: &str, text: &str) -> Folder {
    let logo: Vec<u8> = (0..113u32 * 113).map(|n| 58 + (n % 178) as u8).collect();
    let folder = Folder::new().with(&format!("event/{name}"), text);
    folder.with("event/wav/voice.wav", wav(48_000)).with("event/wav/logo.bin", logo)
}

#[test]
fn a_standalone_file_is_an_event_as_it_is() {
    let event = folder("config.yml", STANDALONE).event("event/config.yml");
    assert_eq!(event.challenges.len(), 3);
    assert!(event.ranges.is_empty());
    let told = remarks(&event).into_iter().filter(|remark| remark.contains("is ignored")).collect::<Vec<_>>();
    let expected = [
        "2 : `mode` is ignored: it was never used",
        "5 : `radios` is ignored: it belongs in the configuration of a runner",
        "11 SIDE: `wav_samplerate` is ignored",
        "12 TOLD: `text` is ignored: ssb sends no text beside its sound",
        "15 : `frequency-ranges` is ignored: it was never used",
    ];
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for (remark, expected) in told.iter().zip(expected) {
        assert!(remark.starts_with(expected), "{remark:?} is not {expected:?}");
    }
}

#[test]
fn hops_pictures_and_recordings_are_read_as_they_are_given() {
    let event = folder("challenges.yml", SERVED).event("event/challenges.yml");
    let [hops, picture, recorded] = event.challenges.as_slice() else { panic!("not three challenges") };
    let parameters = &transmission(hops).parameters;
    assert_eq!((parameters["seed"].as_str(), parameters["channel_spacing"].as_f64()), (Some("RFHS"), Some(10_000.0)));
    // The channels within 2 MHz that two hops reach; the scheduler keeps all between free.
    assert!(hops.occupied_bandwidth.end > 570_000.0, "{:?}", hops.occupied_bandwidth);
    assert!(matches!(&transmission(picture).payload, Payload::File(file) if file.size == 12_769));
    assert_eq!(transmission(recorded).parameters.len(), 0);
    let told = remarks(&event);
    for expected in [
        "RECORDED: `record_iq` is ignored: a radio of driver `file` records what is sent",
        "RECORDED: `spectrum_paint_before_challenge` is ignored: `watermark: TEXT` paints a text",
    ] {
        assert!(told.iter().any(|remark| remark.contains(expected)), "{expected}: {told:#?}");
    }
}

#[test]
fn digital_voice_takes_its_text_from_beside_the_sound() {
    let text =
        "- {name: VOICE, frequency: 147100000, modulation: freedv, mode: usb, flag: wav/voice.wav, text: seen}\n";
    let folder = folder("challenges.yml", text);
    if cfg!(feature = "freedv") {
        let event = folder.event("event/challenges.yml");
        assert_eq!(transmission(only(&event)).parameters["message"], "seen");
        assert!(matches!(&transmission(only(&event)).payload, Payload::File(file) if file.path == "wav/voice.wav"));
    } else {
        let problems = folder.problems("event/challenges.yml");
        assert_refused(&problems, &["1 VOICE: `modulation`: there is no modulation \"freedv\"", "--features freedv"]);
    }
}

fn morse(name: &str, more: &str) -> String {
    format!("  - {{name: {name}, modulation: cw, text: CQ, frequency: 145550000{more}}}\n")
}

#[test]
fn a_watermark_of_the_event_goes_before_every_challenge_that_has_none_of_its_own() {
    let mut text = "defaults: {watermark: DE CTF}\nchallenges:\n".to_owned();
    for (name, more) in
        [("A", ""), ("B", ", watermark: OURS"), ("C", ", watermark: ''"), ("D", ", parameters: {watermark: X}")]
    {
        write!(text, "{}", morse(name, more)).unwrap();
    }
    let event = yaml(&text);
    let marks: Vec<_> = event.challenges.iter().map(|it| transmission(it).parameters["watermark"].clone()).collect();
    assert_eq!(marks, ["DE CTF", "OURS", "", "X"]);
    let [marked, _, bare, _] = event.challenges.as_slice() else { panic!("not four") };
    // It counts: in the time on air and in the band that is kept free.
    assert!(marked.duration - bare.duration > 1.0, "{} and {}", marked.duration, bare.duration);
    let width = |band: &std::ops::Range<f64>| band.end - band.start;
    assert!(width(&marked.occupied_bandwidth) > 20_000.0 && width(&bare.occupied_bandwidth) < 1000.0);
}

#[test]
fn a_challenge_has_no_watermark_unless_one_is_given() {
    let event = yaml(&format!("challenges:\n{}", morse("A", "")));
    assert!(transmission(only(&event)).parameters.is_empty());
    let problems = yaml_problems(&format!("challenges:\n{}", morse("A", ", watermark: 任")));
    assert_refused(&problems, &["2 A: parameter watermark: there is no picture of the character '任'"]);
}
