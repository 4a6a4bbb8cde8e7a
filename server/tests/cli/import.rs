//! `import`.

use crate::folder::{EVENT, Folder};

#[test]
fn import_prints_each_step_on_a_line() {
    let folder = Folder::new();
    let first = folder.succeeds(&["import", "challenges.yml"]);
    assert_eq!(
        first,
        "challenge MORSE_1: added\nchallenge MORSE_2: added\n2 challenges: 2 added, 0 updated, 0 unchanged\n"
    );
    folder.write("challenges.yml", &EVENT.replace("145650000", "145700000"));
    let second = folder.succeeds(&["import", "challenges.yml"]);
    assert_eq!(
        second,
        "challenge MORSE_1: unchanged\nchallenge MORSE_2: updated (frequency)\n\
         2 challenges: 0 added, 1 updated, 1 unchanged\n"
    );
}

#[test]
fn import_warns_of_names_that_look_alike() {
    let folder = Folder::new();
    folder.write("challenges.yml", &EVENT.replace("MORSE_2", "Morse_1"));
    let output = folder.succeeds(&["import", "challenges.yml"]);
    let warning = "challenge Morse_1: warning: \"Morse_1\" looks like \"MORSE_1\"; they differ only in capitals";
    assert!(output.contains(warning), "{output}");
    let again = folder.succeeds(&["import", "challenges.yml"]);
    assert!(!again.contains("looks like"), "the warning is repeated: {again}");
}

#[test]
fn an_event_with_one_problem_is_not_imported_at_all() {
    let folder = Folder::new();
    folder.write("challenges.yml", &EVENT.replacen("modulation: cw", "modulation: cww", 1));
    let error = folder.fails(&["import", "challenges.yml"]);
    assert!(error.contains("challenges.yml:2") && error.contains("did you mean \"cw\"?"), "{error}");
    assert!(error.ends_with("nothing was imported\n"), "{error}");
    assert!(!folder.path().join("data").exists());
}

#[test]
fn import_prints_json_for_programs() {
    let folder = Folder::new();
    let answer: serde_json::Value =
        serde_json::from_str(&folder.succeeds(&["import", "challenges.yml", "--json"])).unwrap();
    assert_eq!(answer["steps"][0], serde_json::json!({"did": "added", "challenge": "MORSE_1"}));
}

#[test]
fn an_import_that_cannot_store_a_file_changes_nothing() {
    let folder = Folder::new();
    folder.succeeds(&["import", "challenges.yml"]);
    folder.write_wav();
    let more = "  - {name: VOICE_1, modulation: nbfm, frequency: 145550000, file: voice.wav}\n";
    folder.write("challenges.yml", &format!("{}{more}", EVENT.replace("CQ FLAG", "CQ NEW")));
    std::fs::write(folder.path().join("data/files"), b"not a folder").unwrap();
    let error = folder.fails(&["import", "challenges.yml"]);
    assert!(error.contains("data/files"), "{error}");
    std::fs::remove_file(folder.path().join("data/files")).unwrap();
    folder.write("challenges.yml", EVENT);
    let again = folder.succeeds(&["import", "challenges.yml"]);
    assert!(again.ends_with("2 challenges: 0 added, 0 updated, 2 unchanged\n"), "{again}");
}

#[test]
fn a_conference_that_would_stop_before_it_starts_is_not_imported() {
    let folder = Folder::new();
    folder.write("challenges.yml", &format!("conference: {{start: 2026-11-22T09:00:00Z}}\n{EVENT}"));
    folder.succeeds(&["import", "challenges.yml"]);
    folder.write("challenges.yml", &format!("conference: {{stop: 2026-11-21T09:00:00Z}}\n{EVENT}"));
    assert!(folder.fails(&["import", "challenges.yml"]).contains("the conference stops before it starts"));
}
