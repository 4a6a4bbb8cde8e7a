//! Compose files of the shapes that challenges have, each with the containers and the findings that come of it.

#![cfg(test)]

use challengectl_common::ChallengeName;
use challengectl_common::instance::InstanceSpec;
use challengectl_event::compose;
use challengectl_event::instance::Reading;
use proptest::prelude::*;

/// Title, `--- compose`, the file, `--- containers`, a list in JSON, `--- findings`, one a line; `=====` ends a case.
const FILES: [&str; 3] =
    [include_str!("one_service.txt"), include_str!("several_services.txt"), include_str!("not_taken_over.txt")];

struct Case<'a> {
    title: &'a str,
    file: &'a str,
    containers: &'a str,
    findings: &'a str,
}

fn cases() -> impl Iterator<Item = Case<'static>> {
    let of = |text: &'static str| {
        let (title, rest) = text.split_once("--- compose\n").unwrap();
        let (file, rest) = rest.split_once("--- containers\n").unwrap();
        let (containers, findings) = rest.split_once("--- findings\n").unwrap();
        Case { title: title.trim(), file, containers, findings: findings.trim_end() }
    };
    FILES.iter().flat_map(|text| text.split("=====\n")).filter(|text| !text.trim().is_empty()).map(of)
}

fn findings(reading: &Reading) -> String {
    reading.findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn each_file_becomes_the_containers_and_findings_below_it() {
    let mut wrong = Vec::new();
    for case in cases() {
        let reading = compose::read(case.file, ChallengeName::new("Test").ok());
        let expected: Option<InstanceSpec> = match case.containers.trim() {
            "none" => None,
            containers => Some(serde_json::from_str(&format!("{{\"containers\": {containers}}}")).unwrap()),
        };
        let spec = reading.form.as_ref().map(|form| &form.spec);
        if spec != expected.as_ref() || findings(&reading) != case.findings {
            let shown = spec.map_or_else(|| "none".to_owned(), |spec| serde_json::to_string(&spec.containers).unwrap());
            wrong.push(format!("{}\n--- containers\n{shown}\n--- findings\n{}", case.title, findings(&reading)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n=====\n"));
    assert!(cases().count() >= 25);
}

#[test]
fn the_challenge_is_named_by_the_caller_or_else_by_the_file() {
    let name = |text: &str| compose::read(text, None).form.unwrap().name.to_string();
    assert_eq!(name("name: guest-book\nservices: {web: {image: web}}"), "guest-book");
    assert_eq!(name("services: {web: {image: web}}"), "Challenge");
    let given = ChallengeName::new("Guest book").unwrap();
    let form = compose::read("name: other\nservices: {web: {build: .}}", Some(given)).form.unwrap();
    assert_eq!(form.name.as_str(), "Guest book");
    assert_eq!(form.spec.containers[0].image, "localhost/challenges/guest-book-web:1");
}

#[test]
fn the_documentation_names_each_key_of_a_service() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/instances.md")).unwrap();
    let tables = [compose::IGNORED, compose::REFUSED, compose::UNSUPPORTED].concat();
    for key in compose::SUPPORTED.iter().chain(tables.iter().map(|(key, _)| key)) {
        assert!(page.contains(&format!("`{key}`")), "{key}");
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC*") {
        let _ = compose::read(&text, None);
    }

    /// Lines of real files, in any order, with any values.
    #[test]
    fn no_file_of_known_keys_panics(lines in proptest::collection::vec((0..40_usize, 0..3_usize, "[^\n]{0,12}"), 0..20)) {
        let keys: Vec<_> = compose::SUPPORTED.iter().copied().chain(compose::UNSUPPORTED.iter().map(|it| it.0)).collect();
        let mut text = "services:\n  a:\n    image: x\n".to_owned();
        for (key, shape, value) in &lines {
            let key = keys[key % keys.len()];
            text.push_str(&match shape {
                0 => format!("    {key}: {value}\n"),
                1 => format!("    {key}: [{value}]\n"),
                _ => format!("    {key}: {{{value}: {value}}}\n"),
            });
        }
        let _ = compose::read(&text, None);
    }
}
