use crate::support::{Folder, assert_refused, manifest, only, remarks, transmission, wav, yaml, yaml_problems};
use challengectl_common::conference::Zone;
use challengectl_common::{Band, Conference, Payload, Tuning};
use challengectl_event::{Event, read, write};
use std::fmt::Write;

/// Returns an event file of one Morse challenge, with additional lines.
fn morse(lines: &str) -> String {
    format!("challenges:\n  - name: M\n    modulation: cw\n    text: CQ\n    frequency: 145550000\n{lines}")
}

fn tuned(lines: &str) -> String {
    format!("challenges:\n  - name: M\n    modulation: cw\n    text: CQ\n{lines}")
}

#[test]
fn the_example_in_the_repository_reads_without_a_remark() {
    let event = read(&manifest("../config/challenges.yml"), None).unwrap_or_else(|refused| panic!("{refused}"));
    let names: Vec<_> = event.challenges.iter().map(|challenge| challenge.spec.name.as_str()).collect();
    assert_eq!(
        names,
        ["MORSE_1", "RTTY_1", "VOICE_BAND_1", "PAGER_1", "KEYFOB_1", "HOPPER_1", "PICTURE_1", "RESTAURANT_1"]
    );
    assert_eq!(event.conference.unwrap().name.flatten().unwrap().as_str(), "Example CTF");
    assert_eq!(event.ranges.len(), 2);
    assert_eq!(event.remarks, []);
}

#[test]
fn keys_that_are_not_given_have_their_defaults() {
    let event = yaml(&morse("    min_delay: 0.5\n    enabled: false\n    priority: -3\n    parameters: {wpm: 18}\n"));
    let challenge = only(&event);
    let spec = &challenge.spec;
    assert_eq!((spec.name.as_str(), transmission(challenge).modulation.as_str(), challenge.line), ("M", "cw", 2));
    assert_eq!(transmission(challenge).payload, Payload::Text("CQ".into()));
    assert_eq!((transmission(challenge).min_delay_ms, transmission(challenge).max_delay_ms), (500, 90_000));
    assert_eq!((spec.enabled, transmission(challenge).priority), (false, -3));
    assert_eq!(transmission(challenge).parameters["wpm"], 18);
    assert!(challenge.duration > 0.0 && challenge.file.is_none());
}

#[test]
fn a_challenge_names_the_runners_and_radios_that_may_send_it() {
    let senders = |lines: &str| {
        transmission(only(&yaml(&morse(lines)))).only_on.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(senders(""), [""; 0]);
    assert_eq!(senders("    only_on: roof\n"), ["roof"]);
    assert_eq!(senders("    only_on: [roof, van/uhf, roof]\n"), ["roof", "van/uhf"]);
    assert_refused(&yaml_problems(&morse("    only_on: [a b]\n")), &["6 M: `only_on`", "write RUNNER or RUNNER/RADIO"]);
}

#[test]
fn the_defaults_of_the_file_apply_to_challenges_without_their_own() {
    let event = yaml(&format!("defaults: {{min_delay: 5, max_delay: 6}}\n{}", morse("    max_delay: 7\n")));
    let transmission = transmission(only(&event));
    assert_eq!((transmission.min_delay_ms, transmission.max_delay_ms), (5000, 7000));
}

#[test]
fn a_bare_list_of_challenges_is_an_event() {
    let event = yaml("- {name: 7, modulation: cw, text: 007, frequency: 146.55e6}\n");
    let challenge = only(&event);
    assert_eq!(challenge.spec.name.as_str(), "7");
    assert_eq!(transmission(challenge).payload, Payload::Text("007".into()));
    assert!(matches!(transmission(challenge).tuning, Tuning::Frequency(frequency) if frequency.hz() == 146_550_000));
}

#[test]
fn ranges_are_referred_to_by_name() {
    let ranges = "frequency_ranges:\n  - {name: a, min_hz: 144000000, max_hz: 146e6, description: Two metres}\n";
    let event = yaml(&format!("{ranges}{}", tuned("    frequency_ranges: [a]\n")));
    let Tuning::FrequencyRanges(found) = &transmission(only(&event)).tuning else { panic!("not by range") };
    assert_eq!(found, &event.ranges);
    assert_eq!(found[0].display_name.as_deref(), Some("Two metres"));
    assert_eq!(found[0].band, Band::new(144_000_000, 146_000_000).unwrap());
}

#[test]
fn a_well_known_range_is_accepted_with_a_remark() {
    let event = yaml(&tuned("    frequency_ranges: ham_144\n"));
    assert_eq!(remarks(&event), ["5 M: frequency range \"ham_144\" is not defined; 144000000-148000000 Hz is used"]);
    assert_eq!(event.ranges.len(), 1);
}

#[test]
fn an_unknown_range_is_refused_with_a_suggestion() {
    assert_refused(&yaml_problems(&tuned("    frequency_ranges: [ham_14]\n")), &["5 M:", "did you mean \"ham_144\"?"]);
    assert_refused(&yaml_problems(&tuned("    frequency: 146.55 MHz\n")), &["5 M:", "neither a number nor"]);
}

#[test]
fn a_range_narrower_than_the_signal_is_refused() {
    let text = "challenges:\n  - name: F\n    modulation: nbfm\n    file: a.wav\n    manual_frequency_range: {min_hz: 145000000, max_hz: 145001000}\n";
    let folder = Folder::new().with("event/challenges.yml", text).with("event/a.wav", wav(48_000));
    let problems = folder.problems("event/challenges.yml");
    assert_refused(&problems, &["2 F:", "Hz wide and does not fit into 145000000-145001000 Hz"]);
}

#[test]
fn a_frequency_in_another_unit_is_refused_with_what_it_would_be_in_hertz() {
    assert_refused(&yaml_problems(&tuned("    frequency: 146.55\n")), &["5 M:", "146.55 MHz is 146550000"]);
    assert_refused(&yaml_problems(&tuned("    frequency: 146550\n")), &["5 M:", "146550 kHz is 146550000"]);
}

#[test]
fn exactly_one_key_for_the_frequency_is_accepted() {
    assert_refused(&yaml_problems(&tuned("")), &["2 M:", "it has no frequency"]);
    assert_refused(&yaml_problems(&morse("    frequency_ranges: [ham_144]\n")), &["2 M:", "only one of"]);
    yaml(&morse("    frequency_ranges: []\n    manual_frequency_range:\n"));
    let upside_down = tuned("    manual_frequency_range: {min_hz: 146000000, max_hz: 145000000}\n");
    assert_refused(&yaml_problems(&upside_down), &["5 M:", "must be below"]);
}

#[test]
fn exactly_one_of_text_and_file_is_accepted() {
    assert_refused(&yaml_problems(&morse("    file: a.wav\n")), &["2 M:", "only one of `text`, `file`"]);
    let nothing = "- {name: M, modulation: cw, frequency: 145550000}\n";
    assert_refused(&yaml_problems(nothing), &["1 M:", "it has no payload"]);
    let empty = "- {name: M, modulation: cw, frequency: 145550000, text: ' '}\n";
    assert_refused(&yaml_problems(empty), &["1 M: its text is empty"]);
    let file = "- {name: M, modulation: cw, frequency: 145550000, file: flag.txt}\n";
    assert_refused(&yaml_problems(file), &["1 M: cw sends text, not a file; give it as `text`"]);
    let silent = "- {name: M, modulation: nbfm, frequency: 145550000}\n";
    assert_refused(&yaml_problems(silent), &["1 M: it has no payload; give `file` with the path of a WAV file"]);
}

fn page(keys: &str, parameters: &str) -> String {
    format!(
        "- {{name: P, modulation: pocsag, frequency: 145050000, {keys}parameters: {{capcode: 123456, {parameters}}}}}"
    )
}

#[test]
fn a_page_of_only_a_tone_needs_no_text() {
    for keys in ["", "text: '', ", "text: ' ', "] {
        let event = yaml(&page(keys, "function: 1, encoding: tone"));
        assert_eq!(transmission(only(&event)).payload, Payload::Text(String::new()));
        // As long as any page of one batch.
        assert!((only(&event).duration - 2.2).abs() < 0.1);
        let specs = [only(&event).spec.clone()];
        assert_eq!(yaml(&write(&Conference::default(), &[], &specs, &[], &[])).challenges[0].spec, specs[0]);
    }
    assert_refused(&yaml_problems(&page("text: A, ", "encoding: tone")), &["1 P: text: a tone page carries no text"]);
    assert_refused(&yaml_problems(&page("", "function: 1")), &["1 P: it has no payload"]);
}

#[test]
fn a_page_longer_than_receivers_show_is_remarked() {
    let event = yaml(&page(&format!("text: {}, ", "A".repeat(600)), "function: 3"));
    assert_eq!(
        remarks(&event),
        ["1 P: its text has 600 characters; multimon-ng shows the first 582, pagers about 256"]
    );
}

#[test]
fn a_misspelt_key_is_refused_with_a_suggestion() {
    assert_refused(&yaml_problems(&morse("    frequancy: 1\n")), &["6 M: unknown key `frequancy`", "`frequency`?"]);
    assert_refused(&yaml_problems(&format!("conferense: {{}}\n{}", morse(""))), &["1 : unknown", "`conference`?"]);
    assert_refused(&yaml_problems(&format!("defaults: {{min_dely: 3}}\n{}", morse(""))), &["1 :", "`min_delay`?"]);
    assert_refused(&yaml_problems(&morse("    public_view: {show_freqency: no}\n")), &["6 M:", "`show_frequency`?"]);
    assert_refused(&yaml_problems(&morse("    parameters: {wmp: 3}\n")), &["M:", "\"wmp\"", "\"wpm\""]);
    assert_refused(&yaml_problems(&morse("    wmp: 3\n")), &["6 M: unknown key `wmp`; did you mean `wpm`?"]);
}

#[test]
fn an_unknown_modulation_is_refused_with_a_suggestion() {
    let problems = yaml_problems("- {name: M, modulation: pocsg, text: CQ, frequency: 145550000, capcode: 1}\n");
    assert_refused(&problems, &["1 M:", "no modulation \"pocsg\"", "\"pocsag\""]);
}

#[test]
fn delays_out_of_order_or_out_of_bounds_are_refused() {
    assert_refused(&yaml_problems(&morse("    min_delay: 100\n")), &["2 M:", "100 s, is above the longest, 90 s (the"]);
    assert_refused(&yaml_problems(&morse("    min_delay: 0\n")), &["6 M: `min_delay`: 0 is not a delay"]);
    assert_refused(&yaml_problems(&morse("    max_delay: 1e9\n")), &["6 M: `max_delay`:", "a week"]);
}

#[test]
fn the_public_view_can_be_set() {
    let event = yaml(&morse("    public_view:\n      show_frequency: false\n"));
    let view = &only(&event).spec.public_view;
    assert!(!view.show_frequency && view.show_modulation && view.show_challenge);
}

#[test]
fn a_duplicate_name_is_refused_with_both_lines() {
    let problems = yaml_problems(&morse("  - {name: M, modulation: cw, text: CQ, frequency: 145550000}\n"));
    assert_refused(&problems, &["6 M: the name is used twice, first on line 2"]);
    let again = "  - {name: ' M ', modulation: cw, text: CQ, frequency: 145550000}\n";
    let problems = yaml_problems(&morse(&again.repeat(2)));
    assert!(problems.len() == 2 && problems.iter().all(|problem| problem.contains("first on line 2")), "{problems:?}");
}

#[test]
fn all_problems_are_reported_at_once_in_the_order_of_the_file() {
    let problems = yaml_problems(
        "conference: {name: C, start: soon}
challenges:
  - name: a/b
    modulation: cw
    text: ЖЖ
    frequency: 7
    min_delay: -1
    colour: red
  - just text
  - {name: M, modulation: cw, text: CQ, frequency: 145550000, enabled: maybe, priority: high}
",
    );
    let lines: Vec<_> = problems.iter().map(|problem| problem.split(' ').next().unwrap()).collect();
    assert_eq!(lines, ["1", "3", "3", "6", "7", "8", "9", "10", "10"], "{problems:#?}");
}

#[test]
fn invalid_hours_are_refused() {
    for (hours, problem) in [
        ("day_start: 09:00", "the daily hours have a beginning and an end; give both or neither"),
        ("day_end: 09:00", "the daily hours have a beginning and an end; give both or neither"),
        ("day_start: 09:00, day_end: 09:00", "the daily hours begin and end at the same time"),
        ("day_start: 9:00, day_end: 22:00", "`day_start`: must be a time of the day like \"09:00\""),
        ("day_start: 09:00, day_end: 24:00", "`day_end`: must be a time of the day"),
        ("timezone: Europe/Berlim", "there is no time zone \"Europe/Berlim\"; did you mean \"Europe/Berlin\"?"),
        ("auto_pause: perhaps", "`auto_pause`: must be true or false"),
        ("day_ende: 22:00", "unknown key `day_ende`; did you mean `day_end`?"),
    ] {
        let text = format!("conference: {{timezone: UTC, {hours}}}\n{}", morse("")).replace("timezone: UTC, t", "t");
        assert_refused(&yaml_problems(&text), &["1 : ", problem]);
    }
}

#[test]
fn a_key_of_the_conference_without_a_value_clears_it() {
    let event = yaml(&format!("conference:\n  name: C\n  stop:\n  day_start: null\n  timezone:\n{}", morse("")));
    let change = event.conference.unwrap();
    assert_eq!((change.start, change.stop, change.day_start, change.day_end), (None, Some(None), Some(None), None));
    assert_eq!((change.timezone, change.auto_pause), (Some(Zone::default()), None));
}

#[test]
fn a_character_that_morse_cannot_send_is_refused_now_and_not_on_air() {
    let problems = yaml_problems("- {name: M, modulation: cw, text: Жук, frequency: 145550000}\n");
    assert_refused(&problems, &["1 M: text:", "Ж"]);
}

#[test]
fn a_colon_without_quotes_is_explained() {
    let problems = yaml_problems("challenges:\n  - name: M\n    text: MORSE 1: flag\n");
    assert_refused(&problems, &["3 :", "a text with a colon in it needs \"quotes\" around it"]);
}

#[test]
fn invalid_yaml_is_refused_with_its_line_and_without_the_flags_around_it() {
    let problems = yaml_problems("challenges:\n  - text: secret\n  - [\n");
    assert_refused(&problems, &["3 :"]);
    assert!(!problems[0].contains("secret"));
    assert_refused(&yaml_problems("a: 1\na: 2\n"), &["2 :", "duplicate"]);
}

#[test]
fn a_file_without_challenges_is_refused() {
    for text in ["", "# nothing\n", "[]", "{}", "challenges:\n"] {
        assert_refused(&yaml_problems(text), &["there are no challenges in it"]);
    }
    assert_refused(&yaml_problems("hello"), &["1 : this is not an event file"]);
}

#[test]
fn an_event_with_only_a_conference_or_ranges_is_accepted_with_a_remark() {
    for text in ["conference: {name: C}\n", "frequency_ranges: [{name: a, min_hz: 144000000, max_hz: 146000000}]\n"] {
        let event = yaml(text);
        assert!(event.challenges.is_empty() && (event.conference.is_some() || event.ranges.len() == 1));
        assert_eq!(remarks(&event), [" : there are no challenges in it, only settings of the event"]);
    }
}

#[test]
fn a_text_that_is_too_long_is_refused() {
    let text = "A".repeat(100_000);
    let problems = yaml_problems(&format!("- {{name: M, modulation: cw, text: {text}, frequency: 145550000}}\n"));
    assert_refused(&problems, &["1 M: text: 100000 bytes are more than"]);
    assert!(problems[0].len() < 200);
}

#[test]
fn a_file_that_is_too_large_is_refused_unread() {
    let folder = Folder::new().with("event/challenges.yml", "");
    let file = std::fs::File::options().write(true).open(folder.path("event/challenges.yml")).unwrap();
    file.set_len(1 << 30).unwrap();
    assert_refused(&folder.problems("event/challenges.yml"), &["larger than 8 MiB"]);
}

#[test]
fn an_alias_bomb_is_refused() {
    let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (before, this) in ('a'..'h').zip('b'..='h') {
        let aliases = vec![format!("*{before}"); 10].join(", ");
        writeln!(bomb, "{this}: &{this} [{aliases}]").unwrap();
    }
    assert_eq!(yaml_problems(&bomb).len(), 1);
    assert_eq!(yaml_problems(&"[".repeat(1 << 20)).len(), 1);
    assert_eq!(yaml_problems(&"- ".repeat(1 << 16)).len(), 1);
}

#[test]
fn the_list_of_problems_has_a_maximum_length() {
    let problems = yaml_problems(&"- x\n".repeat(50_000));
    assert_eq!(problems.len(), 1001, "{:?}", problems.first());
    assert!(problems[1000].contains("and 49000 more"));
}

#[test]
fn anchors_and_merges_save_typing() {
    let event: Event = yaml(
        "- &base {name: A, modulation: cw, text: CQ, frequency: 145550000, wpm: 20}
- {<<: *base, name: B}
",
    );
    assert_eq!(event.challenges[1].spec.name.as_str(), "B");
    assert_eq!(transmission(&event.challenges[1]).parameters["wpm"], 20);
    assert_eq!(event.challenges[1].line, 2);
}
