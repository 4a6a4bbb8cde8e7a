//! The valid challenges of a file with problems.

use crate::support::{Folder, said, wav};
use challengectl_event::{Reader, Reading};

const EVENT: &str = "\
conference: {name: C}
frequency_ranges:
  - {name: broken, min_hz: 148000000, max_hz: 144000000}
challenges:
  - {name: A, modulation: cw, text: CQ, frequency: 145550000}
  - {name: B, modulation: nbfm, file: missing.wav, frequency: 145550000}
  - {name: C, modulation: cw, text: CQ, frequency: 145550000, colour: red}
  - {name: D, modulation: cw, text: CQ, frequency_ranges: [broken]}
  - {name: A, modulation: cw, text: CQ, frequency: 145600000}
  - {name: E, modulation: nbfm, file: a.wav, frequency: 146550000}
";

fn reading(names: &[&str]) -> Reading {
    let folder = Folder::new().with("event/challenges.yml", EVENT).with("event/a.wav", wav(48_000));
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    Reader::default().only(&names).read(&folder.path("event/challenges.yml"), None)
}

fn taken(reading: &Reading) -> Vec<&str> {
    reading.event.challenges.iter().map(|challenge| challenge.spec.name.as_str()).collect()
}

fn problems(reading: &Reading) -> Vec<String> {
    reading.problems.iter().map(|problem| said(problem.line, problem.challenge.clone(), &problem.text)).collect()
}

#[test]
fn valid_challenges_are_returned_beside_all_problems() {
    let reading = reading(&[]);
    assert_eq!(taken(&reading), ["A", "E"]);
    let problems = problems(&reading);
    let expected = [
        "3 : the lower edge",
        "6 B: there is no file \"missing.wav\"",
        "7 C: unknown key `colour`",
        "9 A: the name is used twice, first on line 5",
    ];
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
    for (problem, expected) in problems.iter().zip(expected) {
        assert!(problem.starts_with(expected), "{problem:?} is not {expected:?}");
    }
    assert!(reading.event.conference.is_some());
    assert_eq!(reading.clone().sound().unwrap().0.challenges.len(), 2);
    assert_eq!(reading.whole().unwrap_err().0.len(), 4);
}

#[test]
fn only_named_challenges_are_read() {
    let reading = reading(&["E"]);
    assert_eq!(taken(&reading), ["E"]);
    assert!(reading.problems.iter().all(|problem| problem.challenge.is_none()), "{:#?}", reading.problems);
    assert_eq!(reading.event.names, ["A", "B", "C", "D", "A", "E"]);
}

#[test]
fn a_file_without_a_valid_challenge_is_refused() {
    let refused = reading(&["B"]).sound().unwrap_err();
    assert!(refused.to_string().contains("missing.wav"), "{refused}");
}
