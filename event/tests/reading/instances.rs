//! Challenges of kind `instance` in an event file.

use crate::support::{yaml, yaml_problems};

const BOTH: &str = "challenges:
  - {name: MORSE_1, modulation: cw, frequency: 145550000, text: CQ}
  - name: Guest book
    kind: instance
    category: web
    points: 150
    spec:
      containers:
        - image: web:1
          ports: [80/http]
";

#[test]
fn one_file_has_challenges_of_both_kinds() {
    let event = yaml(BOTH);
    assert_eq!((event.challenges.len(), event.instances.len(), event.count()), (1, 1, 2));
    let instance = &event.instances[0];
    assert_eq!((instance.form.slug().as_str(), instance.form.points, instance.line), ("guest-book", 150, 3));
    assert!(instance.form.enabled && !instance.says_enabled);
}

#[test]
fn all_problems_are_reported_with_their_lines() {
    let text = BOTH
        .replace("points: 150", "points: many")
        .replace("image: web:1", "image: web:1\n          colour: red")
        + "  - {kind: instance, name: Other}\n  - {kind: instance, name: A, categroy: web, spec: {containers: []}}\n  - {kind: instance, name: B, spec: {containers: []}}\n";
    let problems = yaml_problems(&text).join("\n");
    for problem in [
        "6 Guest book: `points`: invalid type: string",
        "10 Guest book: `spec`: containers[0].colour: unknown field",
        "12 Other: `spec` is missing",
        "13 A: unknown key `categroy`; did you mean `category`?",
        "14 B: spec: containers: 0, not from 1 to 16",
    ] {
        assert!(problems.contains(problem), "{problem}\n{problems}");
    }
}

#[test]
fn two_challenges_need_two_ids() {
    let again = "  - {kind: instance, name: guest-book, spec: {containers: [{image: a}]}}\n";
    let problems = yaml_problems(&format!("{BOTH}{again}")).join("\n");
    assert!(problems.contains("its id is guest-book, as that of Guest book on line 3"), "{problems}");
}
