//! `export`.

use crate::folder::{EVENT, Folder, text};
use std::path::Path;

#[test]
fn an_export_is_imported_unchanged() {
    let folder = Folder::new();
    folder.write_wav();
    std::fs::create_dir(folder.path().join("audio")).unwrap();
    std::fs::rename(folder.path().join("voice.wav"), folder.path().join("audio/voice.wav")).unwrap();
    let more = "  - {name: VOICE_1, modulation: nbfm, frequency_ranges: [ham_144], file: audio/voice.wav}\n  \
                - {name: KEY_1, modulation: ask, frequency: 433920000, text: \"a: #b\", min_delay: 0.5, priority: -2,\n     \
                enabled: false, public_view: {show_frequency: false}}\n";
    folder.write("challenges.yml", &format!("{EVENT}{more}"));
    folder.succeeds(&["import", "challenges.yml"]);
    let output = folder.succeeds(&["export", "event.tar"]);
    assert_eq!(output, "event.tar: 4 challenges, with their flags\n");
    let unchanged = "challenge KEY_1: unchanged\nchallenge MORSE_1: unchanged\nchallenge MORSE_2: unchanged\n\
                     challenge VOICE_1: unchanged\n4 challenges: 0 added, 0 updated, 4 unchanged\n";
    assert_eq!(folder.succeeds(&["import", "event.tar"]), unchanged);

    let elsewhere = Folder::new();
    let to_output = [&["export"][..], &["export", "-"]].map(|export| folder.run(export).stdout);
    assert!(to_output[0] == to_output[1] && !folder.path().join("-").exists());
    std::fs::write(elsewhere.path().join("event.tar"), &to_output[0]).unwrap();
    let imported = elsewhere.succeeds(&["import", "event.tar"]);
    assert!(imported.ends_with("4 challenges: 4 added, 0 updated, 0 unchanged\n"), "{imported}");
    assert_eq!(elsewhere.succeeds(&["check"]), "4 challenges, 0 problems\n");
    assert_eq!(elsewhere.succeeds(&["import", "event.tar"]), unchanged);
}

#[test]
fn an_export_includes_the_conference_and_an_event_without_one_keeps_it() {
    let folder = Folder::new();
    let conference = "conference: {name: C, start: 2026-11-22T09:00:00Z, timezone: Europe/Berlin, day_start: 22:00, \
                      day_end: 02:30, auto_pause: true}\n";
    folder.write("challenges.yml", &format!("{conference}{EVENT}"));
    let first = folder.succeeds(&["import", "challenges.yml"]);
    let set = "conference: set (name, start, timezone, day_start, day_end, auto_pause)\n";
    assert!(first.starts_with(set), "{first}");
    folder.write("without.yml", EVENT);
    for file in ["challenges.yml", "without.yml"] {
        let again = folder.succeeds(&["import", file]);
        assert!(again.starts_with("challenge MORSE_1: unchanged\n"), "{again}");
    }
    folder.succeeds(&["export", "event.tar"]);
    assert!(folder.succeeds(&["import", "event.tar"]).starts_with("challenge MORSE_1: unchanged\n"));

    let elsewhere = Folder::new();
    elsewhere.write("challenges.yml", &format!("conference: {{name: D, stop: 2027-11-22T09:00:00Z}}\n{EVENT}"));
    elsewhere.succeeds(&["import", "challenges.yml"]);
    std::fs::copy(folder.path().join("event.tar"), elsewhere.path().join("event.tar")).unwrap();
    let imported = elsewhere.succeeds(&["import", "event.tar"]);
    let set = "conference: set (name, start, stop, timezone, day_start, day_end, auto_pause)\n";
    assert!(imported.starts_with(set), "{imported}");
    elsewhere.succeeds(&["export", "again.tar"]);
    let file = |path: &Path| {
        let archive = std::fs::read(path).unwrap();
        text(&archive).lines().filter(|line| line.starts_with("  ")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(file(&elsewhere.path().join("again.tar")), file(&folder.path().join("event.tar")));
}

#[test]
fn texts_are_exported_with_their_flags_and_imported_unchanged() {
    let folder = Folder::new();
    let event = |points: u32| {
        format!(
            "{EVENT}  - {{name: Warm up, kind: text, description: Read the rules., tags: [start], hints: [Twice.],\n     \
             points: {points}, parts: [{{flags: [{{mode: text, content: \"flag{{a}}\"}}]}}]}}\n"
        )
    };
    folder.write("challenges.yml", &event(10));
    let first = folder.succeeds(&["import", "challenges.yml"]);
    assert!(first.contains("challenge Warm up: added\n"), "{first}");
    folder.succeeds(&["export", "event.tar"]);
    let elsewhere = Folder::new();
    std::fs::copy(folder.path().join("event.tar"), elsewhere.path().join("event.tar")).unwrap();
    for (place, done) in [(&elsewhere, "added"), (&elsewhere, "unchanged"), (&folder, "unchanged")] {
        let imported = place.succeeds(&["import", "event.tar"]);
        assert!(imported.contains(&format!("challenge Warm up: {done}\n")), "{imported}");
    }
    folder.write("challenges.yml", &event(20));
    let changed = folder.succeeds(&["import", "challenges.yml"]);
    assert!(changed.contains("challenge Warm up: updated (points)\n"), "{changed}");
    folder.write(
        "wrong.yml",
        "challenges: [{name: W, kind: text, spec: {}, parts: [{flags: [{mode: session, content: x}]}]}]",
    );
    let refused = folder.fails(&["import", "wrong.yml"]);
    assert!(refused.contains("unknown key `spec`"), "{refused}");
}
