//! Event files and their frequencies at the command line.

#![cfg(test)]

use serde_json::Value;
use std::process::{Command, Output};
use tempfile::TempDir;

const BEFORE: &str = "challenges:
  - {name: OLD_1, modulation: cw, frequency: 145500000, text: LAST YEAR}
  - {name: OLD_2, modulation: cw, frequency: 145525000, text: CQ FLAG, enabled: false}
  - {name: MORSE_1, modulation: cw, frequency: 145550000, text: CQ FLAG}
";

const EVENT: &str = "challenges:
  - {name: MORSE_1, modulation: cw, frequency: 145550000, text: CQ FLAG}
  - {name: MORSE_2, modulation: cw, frequency: 145650000, text: CQ FLAG TWO}
";

const BROKEN: &str = "  - {name: VOICE_1, modulation: nbfm, frequency: 145700000, file: missing.wav}\n";

struct Folder(TempDir);

impl Folder {
    fn with(event: &str) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("server.yml", "data_dir: data\n");
        folder.write("event.yml", event);
        folder
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join(name), text).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_challengectl-server"));
        command.args(arguments).current_dir(self.0.path()).env_remove("CHALLENGECTL_CONFIG").output().unwrap()
    }

    /// Runs a command; returns exit status, standard output and standard error.
    fn does(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = self.run(arguments);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_slice(&self.run(arguments).stdout).unwrap()
    }
}

#[test]
fn with_keep_going_the_valid_entries_are_imported() {
    let folder = Folder::with(&format!("{EVENT}{BROKEN}"));
    let (status, out, error) = folder.does(&["import", "event.yml"]);
    assert_eq!((status, out.as_str()), (1, ""), "{error}");
    let (status, out, error) = folder.does(&["import", "--keep-going", "event.yml"]);
    assert_eq!(status, 3, "{error}");
    assert!(out.ends_with("2 challenges: 2 added, 0 updated, 0 unchanged\n"), "{out}");
    assert!(error.contains("event.yml:4: VOICE_1: there is no file \"missing.wav\""), "{error}");
    assert!(error.ends_with("invalid entries left out, 1 problems\n"), "{error}");
    let answer = folder.json(&["import", "--keep-going", "event.yml", "--json"]);
    assert_eq!((answer["imported"].as_bool(), answer["problems"].as_array().unwrap().len()), (Some(true), 1));
    folder.write("event.yml", EVENT);
    assert_eq!(folder.does(&["import", "--keep-going", "event.yml"]).0, 0);
    folder.write("event.yml", &format!("challenges:\n{BROKEN}"));
    let (status, _, error) = folder.does(&["import", "--keep-going", "event.yml"]);
    assert!(status == 1 && error.ends_with("nothing was imported\n"), "{error}");
}

#[test]
fn challenges_that_are_not_in_the_file_are_named_and_disabled_only_with_only() {
    let folder = Folder::with(BEFORE);
    folder.run(&["import", "event.yml"]);
    folder.write("event.yml", EVENT);
    let (_, out, _) = folder.does(&["import", "event.yml"]);
    assert!(out.contains("challenge OLD_1: also on air, though it is not in the file"), "{out}");
    assert!(!out.contains("OLD_2"), "{out}");
    let (status, _, error) = folder.does(&["check"]);
    assert_eq!(status, 0, "{error}");
    assert!(error.contains("challenge OLD_1: on air, though the last import did not name it"), "{error}");
    let (status, out, error) = folder.does(&["import", "--only", "event.yml"]);
    assert_eq!(status, 0, "{error}");
    assert!(out.contains("challenge OLD_1: disabled, it is not in the file\n"), "{out}");
    assert_eq!(folder.does(&["check"]).2, "");
}

#[test]
fn only_does_not_disable_invalid_challenges_of_the_file() {
    let folder = Folder::with(BEFORE);
    folder.run(&["import", "event.yml"]);
    folder.write("event.yml", &BEFORE.replace("text: LAST YEAR", "colour: red, text: LAST YEAR"));
    let (status, out, _) = folder.does(&["import", "--only", "--keep-going", "event.yml"]);
    assert!(status == 3 && !out.contains("OLD_1"), "{out}");
    folder.write("event.yml", "conference: {name: C}\n");
    let (status, _, error) = folder.does(&["import", "--only", "event.yml"]);
    assert!(status == 1 && error.contains("every challenge would be disabled"), "{error}");
}

#[test]
fn a_renamed_challenge_is_reported() {
    let folder = Folder::with(EVENT);
    folder.run(&["import", "event.yml"]);
    folder.write("event.yml", &EVENT.replace("MORSE_2", "MORSE_TWO"));
    let (_, out, _) = folder.does(&["import", "event.yml"]);
    assert!(out.contains("challenge MORSE_TWO: carries what MORSE_2 does, which is no longer in the file"), "{out}");
    assert!(!out.contains("MORSE_1: carries"), "{out}");
}

#[test]
fn check_of_an_empty_database_fails() {
    let folder = Folder::with("conference: {name: C}\n");
    assert_eq!(folder.does(&["import", "event.yml"]).0, 0);
    let (status, out, error) = folder.does(&["check"]);
    assert_eq!((status, out.as_str()), (1, "0 challenges, 1 problems\n"));
    assert!(error.starts_with("there are no challenges, so nothing goes on air; import an event file"), "{error}");
    folder.write("event.yml", "challenges: [{name: M, modulation: cw, frequency: 145550000, text: E, enabled: no}]\n");
    folder.run(&["import", "event.yml"]);
    let (status, _, error) = folder.does(&["check"]);
    assert!(status == 0 && error.contains("no challenge is enabled"), "{error}");
}

#[test]
fn a_protected_frequency_is_refused_unless_the_settings_allow_it_with_a_reason() {
    let folder = Folder::with("challenges: [{name: M, modulation: cw, frequency: 1575420000, text: E}]\n");
    let (status, _, error) = folder.does(&["import", "event.yml"]);
    assert!(status == 1 && error.contains("gnss_l1") && error.contains("allowed_protected"), "{error}");
    let rules =
        "data_dir: data\nfrequency_rules:\n  allowed_protected:\n    - {band: gnss_l1, reason: shielded room}\n";
    folder.write("server.yml", rules);
    assert_eq!(folder.does(&["import", "event.yml"]).0, 0);
    assert_eq!(folder.does(&["check"]).0, 0);
    folder.write("server.yml", "data_dir: data\n");
    let (status, _, error) = folder.does(&["check"]);
    assert!(status == 1 && error.contains("challenge M: the signal, 1575."), "{error}");
    folder.write("server.yml", &rules.replace("shielded room", "\"\""));
    let (status, _, error) = folder.does(&["import", "event.yml"]);
    assert!(status == 1 && error.contains("needs a reason"), "{error}");
}

#[test]
fn an_older_configuration_or_an_event_file_given_as_settings_is_recognised() {
    let folder = Folder::with(EVENT);
    folder.write("server-config.yml", &format!("server: {{bind: 0.0.0.0, port: 8443}}\n{EVENT}"));
    let (status, _, error) = folder.does(&["check", "--config", "server-config.yml"]);
    assert!(status == 1 && error.contains("server-config.yml of the older challengectl"), "{error}");
    assert!(error.contains("\n  server.port: the second half of `listen` in server.yml"), "{error}");
    assert!(folder.does(&["check", "--config", "event.yml"]).2.contains("not a settings file but an event file"));
}

#[test]
fn check_lists_the_challenges_bound_to_each_sender() {
    let bound = EVENT.replace("text: CQ FLAG}", "text: CQ FLAG, only_on: [roof, van/uhf]}");
    let folder = Folder::with(&bound.replace("text: CQ FLAG TWO}", "text: CQ FLAG TWO, only_on: roof}"));
    folder.run(&["import", "event.yml"]);
    folder.run(&["runner", "enroll", "roof"]);
    let (status, out, error) = folder.does(&["check"]);
    assert_eq!(status, 0, "{error}");
    assert_eq!(out, "only on roof: MORSE_1, MORSE_2\nonly on van/uhf: MORSE_1\n2 challenges, 0 problems\n");
    assert_eq!(folder.json(&["check", "--json"])["bound"]["van/uhf"], serde_json::json!(["MORSE_1"]));
    assert!(error.contains("only_on van/uhf: there is no runner van; enroll it"), "{error}");
    folder.write("event.yml", &bound.replace("van/uhf", "van/u h f"));
    let (_, _, error) = folder.does(&["import", "event.yml"]);
    assert!(
        error.contains("event.yml:2: MORSE_1: `only_on`: ") && error.contains("write RUNNER or RUNNER/RADIO"),
        "{error}"
    );
}
