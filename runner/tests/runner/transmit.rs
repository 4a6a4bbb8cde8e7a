//! `transmit`, as an organiser uses it.

use crate::support::program;
use serde_json::Value;
use sha2::{Digest, Sha512};
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

const EVENT: &str = "\
challenges:
  - {name: MORSE 1, modulation: cw, frequency: 145550000, text: \"E\"}
  - {name: MORSE.2, modulation: cw, manual_frequency_range: {min_hz: 433000000, max_hz: 433100000}, text: \"T\"}
";

fn site(config: &str) -> TempDir {
    let dir = TempDir::new().unwrap();
    std::fs::write(dir.path().join("event.yml"), EVENT).unwrap();
    std::fs::write(dir.path().join("runner.yml"), config).unwrap();
    dir
}

fn transmit(dir: &Path, arguments: &[&str]) -> Output {
    Command::new(program()).current_dir(dir).args(["transmit", "event.yml"]).args(arguments).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn meta(dir: &Path, name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(dir.join(format!("{name}.sigmf-meta"))).unwrap()).unwrap()
}

#[test]
fn every_challenge_becomes_a_recording_of_its_name() {
    let dir = site("");
    let output = transmit(dir.path(), &["--out", "out"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let out = dir.path().join("out");
    let mut files: Vec<_> = std::fs::read_dir(&out).unwrap().map(|file| file.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, ["MORSE 1.sigmf-data", "MORSE 1.sigmf-meta", "MORSE.2.sigmf-data", "MORSE.2.sigmf-meta"]);
}

#[test]
fn a_recording_has_valid_sigmf_metadata() {
    let dir = site("");
    assert!(transmit(dir.path(), &["MORSE 1", "--out", "out"]).status.success());
    let out = dir.path().join("out");
    let meta = meta(&out, "MORSE 1");
    let data = std::fs::read(out.join("MORSE 1.sigmf-data")).unwrap();
    let global = &meta["global"];
    assert_eq!(global["core:datatype"], "cf32_le");
    assert_eq!(global["core:sample_rate"], 2_000_000);
    let sha512: String = Sha512::digest(&data).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(global["core:sha512"], Value::from(sha512));
    assert_eq!(meta["captures"][0]["core:frequency"], 145_550_000);
    let annotation = &meta["annotations"][0];
    assert_eq!(annotation["core:label"], "MORSE 1");
    assert_eq!(annotation["core:sample_count"], data.len() / 8);
    // The tone lies 700 Hz above the nominal frequency.
    assert!(annotation["core:freq_lower_edge"].as_u64().unwrap() < 145_550_700);
    assert!(annotation["core:freq_upper_edge"].as_u64().unwrap() > 145_550_700);
}

#[test]
fn a_range_gives_a_frequency_within_it_and_within_the_radios_limits() {
    let config = "radios: [{id: lab, driver: file, sample_rate: 48000, frequency_limits: [433050000-434000000]}]\n";
    let dir = site(config);
    for _ in 0..5 {
        let output = transmit(dir.path(), &["MORSE.2", "--radio", "lab", "--out", "out", "--json"]);
        let line: Value = serde_json::from_slice(&output.stdout).unwrap();
        let frequency = line["frequency"].as_u64().unwrap();
        assert!((433_050_000..=433_100_000).contains(&frequency), "{frequency}");
    }
}

#[test]
fn the_recording_of_a_radio_tuned_beside_the_signal_has_the_right_frequencies() {
    let dir = site("radios: [{id: lab, driver: file, sample_rate: 48000, offset_hz: 5000}]\n");
    assert!(transmit(dir.path(), &["MORSE 1", "--radio", "lab", "--out", "out"]).status.success());
    let meta = meta(&dir.path().join("out"), "MORSE 1");
    assert_eq!(meta["captures"][0]["core:frequency"], 145_545_000);
    let lower = meta["annotations"][0]["core:freq_lower_edge"].as_u64().unwrap();
    let upper = meta["annotations"][0]["core:freq_upper_edge"].as_u64().unwrap();
    assert_eq!((lower + upper) / 2, 145_550_700);
    assert_eq!(meta["annotations"][0]["challengectl:nominal_frequency"], 145_550_000);
    assert_eq!(meta["annotations"][0]["core:comment"], "nominal frequency 145550000 Hz");
    assert_eq!(meta["global"]["core:extensions"][0]["name"], "challengectl");
}

#[test]
fn a_page_of_only_a_tone_is_recorded() {
    let dir = site("");
    let page = "{name: TONE, modulation: pocsag, frequency: 145050000, parameters: {capcode: 123456, encoding: tone}}";
    std::fs::write(dir.path().join("event.yml"), format!("challenges:\n  - {page}\n")).unwrap();
    let output = transmit(dir.path(), &["--out", "out"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(std::fs::metadata(dir.path().join("out/TONE.sigmf-data")).unwrap().len() > 0);
}

#[test]
fn a_misspelt_challenge_is_refused_with_a_suggestion() {
    let output = transmit(site("").path(), &["MORSE_1"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("did you mean \"MORSE 1\"?"), "{}", stderr(&output));
}

#[test]
fn a_challenge_that_fails_does_not_keep_the_others_off_air() {
    let dir = site("radios: [{id: lab, driver: file, frequency_limits: [433000000-434000000]}]\n");
    let output = transmit(dir.path(), &["--radio", "lab", "--out", "out"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("MORSE 1: the signal occupies"), "{}", stderr(&output));
    assert!(dir.path().join("out/MORSE.2.sigmf-data").exists());
    assert!(!dir.path().join("out/MORSE 1.sigmf-data").exists());
}

#[test]
fn a_recording_that_would_take_too_much_is_refused() {
    let dir = site("radios: [{id: lab, driver: file, keep_bytes: 1000}]\n");
    let output = transmit(dir.path(), &["MORSE 1", "--radio", "lab", "--out", "out"]);
    assert!(stderr(&output).contains("more than the keep_bytes of 1000"), "{}", stderr(&output));
}

#[test]
fn devices_lists_the_configured_radios() {
    let dir = site("radios: [{id: lab, driver: file}, {id: dry, driver: null}]\n");
    let output = Command::new(program()).current_dir(dir.path()).arg("devices").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.contains("lab: file") && text.contains("dry: null"), "{text}");
    assert!(text.lines().nth(1).unwrap().ends_with("takes no work"), "{text}");
}

#[test]
fn only_named_challenges_are_checked() {
    let dir = site("");
    let broken = "  - {name: VOICE, modulation: nbfm, frequency: 145700000, file: missing.wav}\n\
                  \x20 - {name: TYPO, modulation: cw, text: E, frequency: 145700000, colour: red}\n";
    std::fs::write(dir.path().join("event.yml"), format!("conference: {{strat: now}}\n{EVENT}{broken}")).unwrap();
    let output = transmit(dir.path(), &["MORSE 1", "--out", "out"]);
    assert!(output.status.success() && output.stderr.is_empty(), "{}", stderr(&output));
    let output = transmit(dir.path(), &["VOICE", "--out", "out"]);
    assert!(!output.status.success() && stderr(&output).contains("missing.wav"), "{}", stderr(&output));
    assert!(!stderr(&output).contains("TYPO"), "{}", stderr(&output));
    let output = transmit(dir.path(), &["MORS 1", "--out", "out"]);
    assert!(stderr(&output).contains("did you mean \"MORSE 1\"?"), "{}", stderr(&output));
}

#[test]
fn with_keep_going_an_invalid_challenge_does_not_keep_the_others_off_air() {
    let dir = site("");
    let broken = "  - {name: VOICE, modulation: nbfm, frequency: 145700000, file: missing.wav}\n";
    std::fs::write(dir.path().join("event.yml"), format!("{EVENT}{broken}")).unwrap();
    assert_eq!(transmit(dir.path(), &["--radio", "null"]).status.code(), Some(1));
    let output = transmit(dir.path(), &["--radio", "null", "--keep-going"]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).contains("VOICE: there is no file \"missing.wav\""), "{}", stderr(&output));
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 2);
}

#[test]
fn protected_frequencies_are_refused_and_never_drawn_from_a_range() {
    let dir = site("");
    let write = |event: &str| std::fs::write(dir.path().join("event.yml"), format!("challenges:\n{event}")).unwrap();
    write("  - {name: A, modulation: cw, frequency: 121500000, text: E}\n");
    let output = transmit(dir.path(), &["--radio", "null"]);
    assert!(!output.status.success() && stderr(&output).contains("distress_121"), "{}", stderr(&output));
    // The plan leaves 2 kHz of the range.
    let plan = "frequency_rules: {band_plan: [\"145000000-145002000\"]}\n";
    std::fs::write(dir.path().join("runner.yml"), plan).unwrap();
    write("  - {name: A, modulation: cw, manual_frequency_range: {min_hz: 145000000, max_hz: 145002000}, text: E}\n");
    let output = transmit(dir.path(), &["--radio", "null", "--json"]);
    let line: Value = serde_json::from_slice(&output.stdout).unwrap();
    let frequency = line["frequency"].as_u64().unwrap();
    assert!((145_000_000..145_001_500).contains(&frequency), "{frequency}");
    write("  - {name: A, modulation: cw, manual_frequency_range: {min_hz: 144000000, max_hz: 145002000}, text: E}\n");
    assert!(stderr(&transmit(dir.path(), &["--radio", "null"])).contains("leaves frequency_rules.band_plan"));
}
