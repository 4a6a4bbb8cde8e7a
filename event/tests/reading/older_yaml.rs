use crate::support::{Folder, assert_refused, only, remarks, transmission, wav, yaml, yaml_problems};
use challengectl_common::{Conference, Payload, Tuning};

const CONFIG: &str = "\
server:
  bind: 0.0.0.0
  port: 8443
files_dir: files
conference:
  name: Some CTF
  start: 2026-11-22 09:00:00 -5
  stop: \"2026-11-24 18:00:00 -5\"
  day_start: 09:00
  end_of_day: 22:00
  auto_pause_daily: yes
  timezone: US/Eastern
frequency_ranges:
  - name: ham_144
    display_name: 2 m
    description: the two metre band
    min_hz: 144000000
    max_hz: 148000000
challenges:
  - default_min_delay: 30
    default_max_delay: 40
  - name: M
    modulation: cw
    flag: MORSE
    speed: 35
    frequency: ham_144
    spectrum_paint_before_challenge: true
  - name: S
    modulation: lsb
    flag: audio/a.wav
    wav_samplerate: 44100
    frequency: 146550000
    min_delay: 35
    public_fields: [modulation, last_tx_time, colour]
  - name: P
    modulation: pocsag
    flag: hello
    capcode: '1234567'
    frequency: 146550000
    enabled: yes
";

fn folder(text: &str) -> Folder {
    Folder::new().with("event/server-config.yml", text).with("event/audio/a.wav", wav(48_000))
}

#[test]
fn an_older_server_config_is_an_event() {
    let event = folder(CONFIG).event("event/server-config.yml");
    let [morse, voice, pager] = event.challenges.as_slice() else { panic!("not three challenges") };

    assert_eq!(transmission(morse).payload, Payload::Text("MORSE".into()));
    assert_eq!(transmission(morse).parameters["wpm"], 16.46);
    assert_eq!((transmission(morse).min_delay_ms, transmission(morse).max_delay_ms), (30_000, 40_000));
    assert_eq!(transmission(morse).tuning, Tuning::FrequencyRanges(event.ranges.clone()));

    assert_eq!(
        (transmission(voice).modulation.as_str(), &transmission(voice).parameters["mode"]),
        ("ssb", &"lsb".into())
    );
    assert!(matches!(&transmission(voice).payload, Payload::File(file) if file.path == "audio/a.wav"));
    assert_eq!((transmission(voice).min_delay_ms, transmission(voice).max_delay_ms), (35_000, 40_000));
    let view = &voice.spec.public_view;
    assert!(view.show_challenge && view.show_modulation && view.show_last_tx_time);
    assert!(!view.show_frequency && !view.show_active_status);

    assert_eq!(transmission(pager).parameters["capcode"], 1_234_567);
    let conference = event.conference.as_ref().unwrap();
    let conference = Conference::default().with(conference.clone()).unwrap();
    assert_eq!(conference.start().unwrap().to_string(), "2026-11-22T14:00:00.000Z");
    assert_eq!(conference.stop().unwrap().to_string(), "2026-11-24T23:00:00.000Z");
    let hours = (conference.day_start().unwrap().to_string(), conference.day_end().unwrap().to_string());
    assert_eq!(hours, ("09:00".to_owned(), "22:00".to_owned()));
    assert_eq!((conference.timezone().name(), conference.auto_pause()), ("US/Eastern", true));
}

#[test]
fn values_that_are_read_differently_are_remarked_in_the_order_of_the_file() {
    let event = folder(CONFIG).event("event/server-config.yml");
    let remarks = remarks(&event);
    let expected = [
        "2 : `server` is ignored",
        "4 : `files_dir` is ignored",
        "25 M: speed 35 is on the older scale, where more is slower; it is 16.46 WPM",
        "27 M: `spectrum_paint_before_challenge` is ignored",
        "28 S: WARNING: the event file gives 44100 samples per second, the WAV file 48000",
        "31 S: `wav_samplerate` is ignored",
        "34 S: \"colour\" in `public_fields` is ignored",
        "34 S: `public_fields` is the older form",
    ];
    assert_eq!(remarks.len(), expected.len(), "{remarks:#?}");
    for (remark, expected) in remarks.iter().zip(expected) {
        assert!(remark.starts_with(expected), "{remark:?} is not {expected:?}");
    }
}

#[test]
fn a_file_known_only_by_its_hash_is_refused_with_the_way_out() {
    let text = "- {name: S, modulation: usb, flag: 'sha256:00ff', frequency: 146550000}\n";
    assert_refused(&yaml_problems(text), &["1 S:", "SHA-256", "give the path of the file as `file`"]);
}

#[test]
fn an_invalid_speed_is_refused() {
    for speed in ["0", "-5", "fast", "1e999", "[]"] {
        let text = format!("- {{name: M, modulation: cw, flag: E, speed: {speed}, frequency: 146550000}}\n");
        assert_eq!(yaml_problems(&text).len(), 1, "{speed}");
    }
    let both = "- {name: M, modulation: cw, flag: E, speed: 35, wpm: 20, frequency: 146550000}\n";
    assert_refused(&yaml_problems(both), &["1 M: parameter wpm is given twice"]);
}

#[test]
fn a_sideband_that_contradicts_its_name_is_refused() {
    let folder = folder("- {name: S, modulation: usb, mode: lsb, flag: audio/a.wav, frequency: 146550000}\n");
    assert_refused(&folder.problems("event/server-config.yml"), &["1 S: parameter mode is given twice"]);
    let folder = self::folder("- {name: S, modulation: usb, mode: usb, flag: audio/a.wav, frequency: 146550000}\n");
    folder.event("event/server-config.yml");
}

#[test]
fn a_time_without_offset_is_refused() {
    let text = "conference: {name: C, start: 2026-11-22 09:00:00}\n\
                challenges: [{name: M, modulation: cw, flag: E, frequency: 146550000}]\n";
    assert_refused(&yaml_problems(text), &["1 : `start`: must be a time with its offset"]);
    let text = text.replace("09:00:00", "09:00:00 +1, stop: 2026-11-21 09:00:00 +1");
    assert_refused(&yaml_problems(&text), &["1 : the conference stops before it starts"]);
}

#[test]
fn older_hours_without_a_zone_are_remarked() {
    let text = "conference: {name: C, start: 2026-11-22 09:00:00 -5, day_start: 09:00, end_of_day: 22:00}\n\
                challenges: [{name: M, modulation: cw, flag: E, frequency: 146550000}]\n";
    let remarks = remarks(&yaml(text));
    assert!(remarks.len() == 1 && remarks[0].starts_with("1 : `timezone` is not given"), "{remarks:?}");
    let both = text.replace("end_of_day", "day_end: 22:00, end_of_day");
    assert_refused(&yaml_problems(&both), &["1 : unknown key `end_of_day`"]);
}

#[test]
fn text_that_looks_like_a_number_stays_text() {
    let event = yaml("- {name: P, modulation: pocsag, flag: 0123, capcode: 8, baud: 1200, frequency: '146550000'}\n");
    assert_eq!(transmission(only(&event)).payload, Payload::Text("0123".into()));
}
