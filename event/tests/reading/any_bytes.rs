//! Fuzzing: no content of a file makes a reader panic.

use challengectl_event::read;
use proptest::prelude::*;
use std::fs;

const NAMES: [&str; 3] = ["flags.csv", "challenges.yml", "flags"];

fn read_as_all(content: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    for name in NAMES {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        fs::write(folder.path().join("frequencies.txt"), content).unwrap();
        let _ = read(&path, None);
    }
}

/// Generates pieces of event files, which get further into the readers than noise.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "challenges:",
        "- ",
        "\n",
        "  ",
        "name: ",
        "modulation: ",
        "cw",
        "nbfm",
        "pocsag",
        "text: ",
        "file: ",
        "flag: ",
        "frequency: ",
        "frequency_ranges: ",
        "manual_frequency_range: ",
        "parameters: ",
        "min_delay: ",
        "speed: ",
        "conference: ",
        "start: ",
        "timezone: ",
        "day_start: ",
        "day_end: ",
        "auto_pause: ",
        "defaults: ",
        "default_min_delay: ",
        "public_view: ",
        "public_fields: ",
        "{",
        "}",
        "[",
        "]",
        ",",
        "\"",
        "'",
        "&a ",
        "*a",
        "<<: ",
        "!!int ",
        "~",
        "1e999",
        ".nan",
        "-1",
        "145550000",
        "146.55",
        "ham_144",
        "2026-11-22 09:00:00 -5",
        "é",
        "\0",
        "\r\n",
        "\t",
        "#",
        "|",
        ">",
        "?",
        ": ",
    ]);
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

fn rows() -> impl Strategy<Value = String> {
    let column =
        prop::sample::select(vec!["", "1", "M", "cw", "usb", "ham_144", "145550", "-1", "1e400", "\"", "a\"b", "\n"]);
    let row = prop::collection::vec(column, 0..13).prop_map(|columns| columns.join(","));
    prop::collection::vec(row, 0..5).prop_map(|rows| format!("conf,1,2\n{}", rows.join("\n")))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn noise_is_read_or_refused(content in prop::collection::vec(any::<u8>(), 0..300)) {
        read_as_all(&content);
    }

    #[test]
    fn shuffled_yaml_is_read_or_refused(content in pieces()) {
        read_as_all(content.as_bytes());
    }

    #[test]
    fn shuffled_rows_are_read_or_refused(content in rows()) {
        read_as_all(content.as_bytes());
    }
}
