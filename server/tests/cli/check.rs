//! `check`.

use crate::folder::{EVENT, Folder, text};

#[test]
fn check_names_the_damaged_file() {
    let folder = Folder::new();
    folder.write_wav();
    folder.write(
        "challenges.yml",
        "challenges:\n  - {name: VOICE_1, modulation: nbfm, frequency: 145550000, file: voice.wav}\n",
    );
    let imported = folder.succeeds(&["import", "challenges.yml"]);
    let digest = imported.lines().next().unwrap().rsplit(' ').next().unwrap().to_owned();
    assert_eq!(folder.succeeds(&["check"]), "1 challenges, 0 problems\n");
    std::fs::write(folder.path().join("data/files").join(&digest[..2]).join(&digest), b"x").unwrap();
    let problem = folder.fails(&["check"]);
    assert!(problem.starts_with("challenge VOICE_1: ") && problem.contains("is damaged"), "{problem}");
}

#[test]
fn check_finds_problems_that_would_keep_the_server_from_starting() {
    let folder = Folder::new();
    let check =
        |set: &[&str]| folder.command(&["check"]).args(set.iter().flat_map(|set| ["--set", set])).output().unwrap();
    for (set, why) in [
        (&["event_file=nope.yml"][..], "nope.yml: there is no such file"),
        (&["tls.certificate=nope.pem", "tls.key=nokey.pem"], "tls: "),
        (&["log_filter=loud"], "log_filter: \"loud\" is neither"),
    ] {
        let output = check(set);
        assert!(!output.status.success() && text(&output.stderr).contains(why), "{}", text(&output.stderr));
    }
}

#[test]
fn check_warns_of_a_conference_that_is_over_or_never_open() {
    let folder = Folder::new();
    for (conference, warning) in [
        ("stop: 2026-01-02T09:00:00Z", "warning: conference: over since 2026-01-02 09:00 (UTC)\n"),
        (
            "auto_pause: true",
            "warning: conference: over since 2026-01-02 09:00 (UTC); with auto_pause nothing goes on air any more\n",
        ),
        (
            "stop: 9000-01-02T09:00:00Z, start: 9000-01-02T08:00:00Z, day_start: 10:00, day_end: 12:00",
            "warning: conference: no daily hours are left before it stops at 9000-01-02 09:00 (UTC); \
             with auto_pause nothing goes on air any more\n",
        ),
        ("day_start: 08:30, day_end: 12:00", ""),
    ] {
        folder.write("challenges.yml", &format!("conference: {{timezone: UTC, {conference}}}\n{EVENT}"));
        folder.succeeds(&["import", "challenges.yml"]);
        let output = folder.run(&["check"]);
        assert!(output.status.success());
        assert_eq!(
            (text(&output.stdout).as_str(), text(&output.stderr).as_str()),
            ("2 challenges, 0 problems\n", warning)
        );
    }
}
