//! The `challenge.yml` of ctfcli.

#![cfg(test)]

use challengectl_event::card::Card;
use challengectl_event::ctfcli;
use challengectl_event::instance::{FlagMode, Form, Part, Reading};
use proptest::prelude::*;

const WHOLE: &str = r#"
name: Login
author: ada
category: web
description: |
  Log in.
attribution: somebody
value: 150
type: standard
extra: {}
image: null
protocol: http
host: null
connection_info: nc host 1337
healthcheck: writeup/check.sh
solution: {path: writeup/README.md, state: hidden}
attempts: 5
logic: any
flags:
  - flag{a}
  - {type: static, content: "flag{b}", data: case_sensitive}
  - {type: static, content: "flag{c}", data: case_insensitive}
  - {type: regex, content: "flag\\{d+\\}"}
files: [dist/login.zip]
topics: [sqli]
tags: [web, {value: sql}]
hints:
  - Look.
  - {content: Look again., cost: 10, title: Second}
requirements: [Warm up]
next: null
state: visible
version: "0.1"
challengectl:
  id: the-login
  difficulty: easy
  policy: {lifetime_seconds: 900}
  spec: {containers: [{image: "login:1", ports: [80/http]}]}
"#;

fn form(text: &str) -> Form {
    ctfcli::read(text, None).form.unwrap()
}

fn findings(reading: &Reading) -> Vec<String> {
    reading.findings.iter().map(ToString::to_string).collect()
}

fn contents(parts: &[Part]) -> Vec<Vec<(FlagMode, &str)>> {
    parts.iter().map(|part| part.flags.iter().map(|flag| (flag.mode, flag.content.as_str())).collect()).collect()
}

#[test]
fn each_key_is_taken_over_or_named() {
    let reading = ctfcli::read(WHOLE, None);
    let form = reading.form.clone().unwrap();
    assert_eq!((form.name.as_str(), form.slug().as_str(), form.points), ("Login", "the-login", 150));
    assert_eq!(
        (form.author.as_str(), form.description.as_str(), form.difficulty.as_str()),
        ("ada", "Log in.\n", "easy")
    );
    assert_eq!((form.max_attempts, form.enabled, form.policy.lifetime_seconds), (Some(5), true, 900));
    assert_eq!((form.tags.as_slice(), form.hints.len()), (&["web".to_owned(), "sql".to_owned()][..], 2));
    let flags = [
        (FlagMode::Text, "flag{a}"),
        (FlagMode::Text, "flag{b}"),
        (FlagMode::TextAnyCase, "flag{c}"),
        (FlagMode::Pattern, "flag\\{d+\\}"),
    ];
    assert_eq!(contents(&form.parts), [flags.to_vec()]);
    let expected = [
        "7: ignored: attribution: players do not see it; an export writes it again",
        "12: ignored: protocol: ports say what opens them; an export writes it again",
        "14: ignored: connection_info: players see the addresses of their own instance; an export writes it again",
        "15: ignored: healthcheck: it is for ctfcli; give `health` of the container; an export writes it again",
        "16: ignored: solution: players do not see it; an export writes it again",
        "24: unsupported: files: files are not handed out; put links into the description",
        "25: ignored: topics: players do not see them; an export writes it again",
        "29: ignored: hints: what it costs is left out; give it in a challenges.yml",
        "30: unsupported: requirements: players see the challenge from the beginning",
    ];
    assert_eq!(findings(&reading), expected);
}

#[test]
fn what_is_written_is_read_as_the_same_challenge_with_all_its_keys() {
    let first = form(WHOLE);
    let again = ctfcli::write(&first, &Card::default());
    assert_eq!(form(&again), first);
    for key in ["attribution", "connection_info", "files", "topics", "requirements", "next", "image", "solution"] {
        assert!(again.contains(&format!("\n{key}: ")), "{key}: {again}");
    }
    let of_session = Form { parts: vec![Part::of_session()], ..first.clone() };
    let text = ctfcli::write(&of_session, &Card::default());
    assert!(text.contains("\nflags: []\n"), "CTFd has no such flags: {text}");
    assert_eq!(form(&text), of_session);
}

#[test]
fn parts_are_flags_of_which_all_are_needed() {
    let all = form(&WHOLE.replace("logic: any", "logic: all"));
    assert_eq!(all.parts.len(), 4);
    let text = ctfcli::write(&all, &Card::default());
    assert!(text.contains("\nlogic: \"all\"\n") && !text.contains("parts"), "{text}");
    assert_eq!(form(&text).parts, all.parts);
    let mut uneven = all;
    uneven.parts[0].share = 3;
    assert_eq!(form(&ctfcli::write(&uneven, &Card::default())), uneven);
}

#[test]
fn what_cannot_be_read_is_named_with_its_line() {
    let lines = |text: &str| findings(&ctfcli::read(text, None)).join("\n");
    assert!(lines("category: web\n").contains("0: unsupported: name: it is missing"));
    assert!(lines("- a\n").contains("1: unsupported: name: this is not a challenge.yml"));
    assert!(lines("name: A\nvalue: many\n").contains("2: unsupported: value: \"many\" is not a whole number"));
    assert!(
        lines("name: A\nflags: [{type: weird, content: x}]\n")
            .contains("2: unsupported: flags: there are no flags of type")
    );
    let spec = "name: A\nchallengectl:\n  spec:\n    containers:\n      - {image: a, colour: red}\n";
    assert!(
        lines(spec).contains("5: unsupported: challengectl: spec.containers[0].colour: unknown field"),
        "{}",
        lines(spec)
    );
    let reading = ctfcli::read("name: A\nchallengectl: {kind: transmission}\n", None);
    assert!(reading.form.is_none() && findings(&reading)[0].contains("it is a transmission"));
    let image = ctfcli::read("name: A\nimage: .\n", None);
    assert_eq!(image.form.unwrap().spec.containers[0].image, "localhost/challenges/a-main:1");
}

#[test]
fn a_value_that_falls_counts_as_at_the_beginning() {
    let text = "name: A\ntype: dynamic\nextra: {initial: 500, decay: 100, minimum: 50}\nimage: a\n";
    assert_eq!(form(text).points, 500);
    let written = ctfcli::write(&form(text), &Card::default());
    assert!(
        written.contains("\nextra: {\"decay\":100,\"initial\":500,\"minimum\":50}\n") && !written.contains("\nvalue:")
    );
    assert_eq!(form(&written).points, 500);
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC*") {
        let _ = ctfcli::read(&text, None);
    }

    #[test]
    fn no_value_of_a_known_key_panics(key in 0..12_usize, value in "[^\n]{0,20}") {
        let keys = [
            "name", "value", "flags", "hints", "tags", "state", "extra", "attempts", "image", "logic", "challengectl", "type",
        ];
        let _ = ctfcli::read(&format!("name: A\n{}: {value}\n", keys[key]), None);
    }
}
