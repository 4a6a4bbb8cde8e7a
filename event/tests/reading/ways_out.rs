//! Frequent mistakes of organisers: the reader accepts them, or its message says what to write instead.

use crate::support::{Folder, assert_refused, only, remarks, transmission, wav, yaml, yaml_problems};
use challengectl_common::Payload;

/// Returns an event file of a challenge with this text, written as given.
fn text(text: &str) -> String {
    format!("challenges:\n  - name: M\n    modulation: cw\n    frequency: 145550000\n    text: {text}\n")
}

fn sent(text: &str) -> String {
    match &transmission(only(&yaml(&self::text(text)))).payload {
        Payload::Text(text) => text.clone(),
        Payload::File(file) => panic!("{file:?}"),
    }
}

fn modulation(name: &str) -> Vec<String> {
    yaml_problems(&format!("- {{name: M, modulation: {name}, text: CQ, frequency: 145550000}}\n"))
}

#[test]
fn keys_at_the_top_that_begin_with_x_are_free() {
    let event = yaml(&format!("x-slow: &slow {{wpm: 12}}\nx-note: ours\n{}    parameters: *slow\n", text("CQ")));
    assert_eq!(transmission(only(&event)).parameters["wpm"], 12);
    assert_eq!(event.remarks, []);
}

#[test]
fn a_comment_right_after_a_text_is_refused_or_remarked() {
    assert_refused(&yaml_problems(&text("FLAG #1")), &["5 M: `text`: `#1` after it is a comment", "\"quotes\""]);
    assert_refused(&yaml_problems(&text("CQ").replace("name: M", "name: M #2")), &["2 M: `name`: `#2` after it"]);
    assert_eq!(sent("\"FLAG 1\" #1"), "FLAG 1");
    assert_eq!(sent("'FLAG 1' #1"), "FLAG 1");
    let event = yaml(&text("FLAG # the first"));
    assert_eq!(remarks(&event), ["5 M: the text after # is a comment and is not sent"]);
}

#[test]
fn backslashes_in_double_quotes_are_explained() {
    let problems = yaml_problems(&text(r#""flag\{x\}""#));
    assert_refused(&problems, &["5 :", "write 'single quotes' around a text with backslashes"]);
    let event = yaml(&text(r#""C:\temp""#));
    assert_eq!(remarks(&event).len(), 1);
    assert!(remarks(&event)[0].starts_with("5 M: `\\t` in double quotes is a control character;"));
    assert_eq!(yaml(&text(r#""CQ \"A\"""#)).remarks, []);
}

#[test]
fn non_breaking_spaces_are_read_as_ordinary_ones() {
    let event =
        yaml(&text("CQ CQ").replace("CQ CQ", "CQ\u{a0}CQ").replace("    text:", "\u{a0}\u{a0}\u{a0} text:\u{a0}"));
    assert_eq!(transmission(only(&event)).payload, Payload::Text("CQ CQ".into()));
    assert_eq!(remarks(&event), ["5 : non-breaking spaces, here and below, are read as ordinary spaces"]);
    let flags = "conf,1,2\n1,M\u{202f}1,CQ\u{a0}CQ,cw,,,60,90,145550,,\n";
    let event = Folder::new().with("event/flags.csv", flags).event("event/flags.csv");
    assert_eq!(
        (only(&event).spec.name.as_str(), &transmission(only(&event)).payload),
        ("M 1", &Payload::Text("CQ CQ".into()))
    );
}

#[test]
fn prosigns_and_braces_in_morse_work_or_are_explained() {
    assert_eq!(sent("CQ DE CTF <AR>"), "CQ DE CTF <AR>");
    assert_refused(&yaml_problems(&text("\"flag{x}\"")), &["character 5 is '{'", "write ( instead"]);
}

#[test]
fn a_modulation_in_capitals_is_the_same() {
    let event = yaml(&text("CQ").replace("modulation: cw", "modulation: CW"));
    assert_eq!(transmission(only(&event)).modulation, "cw");
    let flags = "conf,1,2\n1,M,a.wav,USB,,,60,90,145550,,\n";
    let folder = Folder::new().with("event/flags.csv", flags).with("event/a.wav", wav(48_000));
    assert_eq!(transmission(only(&folder.event("event/flags.csv"))).parameters["mode"], "usb");
}

#[test]
fn modulations_of_other_programs_are_refused_with_what_to_write_instead() {
    for (name, way_out) in [
        ("wbfm", "broadcast FM is not supported"),
        ("FM", "write nbfm"),
        ("ook", "write ask"),
        ("morse", "write cw"),
        ("rtty", "make a WAV file of it"),
        ("lora", "lrs is a restaurant pager"),
        ("nbmf", "did you mean \"nbfm\"?"),
    ] {
        let problems = modulation(name);
        assert_refused(&problems, &["1 M: `modulation`: there is no modulation", way_out]);
        assert!(name != "wbfm" || !problems[0].contains("did you mean"), "{problems:?}");
    }
}

#[test]
fn a_value_that_is_missing_because_of_a_misspelt_key_is_not_reported_in_addition() {
    let one = |from: &str, to: &str| yaml_problems(&text("CQ").replace(from, to));
    assert_refused(&one("frequency:", "frequancy:"), &["4 M: unknown key `frequancy`"]);
    assert_refused(&one("text:", "txt:"), &["5 M: unknown key `txt`"]);
    assert_refused(&one("modulation:", "modulaton:"), &["unknown key `modulaton`"]);
    assert_refused(&one("challenges:", "chalenges:"), &["1 : unknown key `chalenges`"]);
    let pager = "- {name: P, modulation: pocsag, text: hello, frequency: 145550000, capcod: 1234567}\n";
    assert_refused(&yaml_problems(pager), &["unknown key `capcod`; did you mean `capcode`?"]);
    let range = "manual_frequency_range: {min: 144000000, max_hz: 145000000}";
    assert_refused(&one("frequency: 145550000", &range.replace("min:", "min_h:")), &["unknown key `min_h`"]);
}

#[test]
fn problems_that_follow_from_a_refused_range_or_refused_defaults_are_not_reported_in_addition() {
    let ranges = "frequency_ranges: [{name: ours, min_hz: 148000000, max_hz: 144000000}]\n";
    let challenge = text("CQ").replace("frequency: 145550000", "frequency_ranges: [ours]");
    assert_refused(&yaml_problems(&format!("{ranges}{challenge}")), &["1 :", "must be below"]);
    let defaults = "defaults: {min_delay: 200, max_delay: 100}\n";
    let problems = yaml_problems(&format!("{defaults}{}    min_delay: 150\n", text("CQ")));
    assert_refused(&problems, &["1 :", "200 s, is above the longest, 100 s"]);
}
