//! Writes a `challenge.yml`.

use super::own::{Kind, Own};
use super::{Form, Json, Map, Part, flags, json};
use crate::TextForm;
use crate::card::{Card, Hint, Logic};
use challengectl_common::ChallengeSpec;
use challengectl_common::challenge::Kind as Spec;
use std::fmt::Write;

/// The name of the file.
pub const FILE: &str = "challenge.yml";

/// The name of the file beside it that has the solution.
pub const SOLUTION_FILE: &str = "solution.md";

/// The folder beside it that has the files for players.
pub const FILES_FOLDER: &str = "files";

/// The keys in ctfcli's order; all others follow.
const ORDER: [&str; 28] = [
    "name",
    "author",
    "category",
    "description",
    "attribution",
    "value",
    "type",
    "extra",
    "image",
    "protocol",
    "host",
    "connection_info",
    "healthcheck",
    "solution",
    "attempts",
    "logic",
    "flags",
    "files",
    "topics",
    "tags",
    "hints",
    "requirements",
    "next",
    "scheduled_at",
    "module",
    "state",
    "version",
    "challengectl",
];

/// Returns the text of the `challenge.yml` of a challenge of kind `instance`, whose flags are in its form. Its solution is in
/// [`SOLUTION_FILE`], and its files are in [`FILES_FOLDER`], under the last parts of their paths.
#[must_use]
pub fn write(form: &Form, card: &Card) -> String {
    let (shown, logic, is_whole) = flags::write(&form.parts);
    let mut keys = form.other_keys.clone();
    let own = Own {
        kind: Some(Kind::Instance),
        id: form.id.clone(),
        difficulty: Some(form.difficulty.clone()).filter(|text| !text.is_empty()),
        estimated_time: Some(form.estimated_time.clone()).filter(|text| !text.is_empty()),
        learning_objectives: Some(form.learning_objectives.clone()).filter(|texts| !texts.is_empty()),
        policy: Some(form.policy.clone()),
        spec: Some(form.spec.clone()),
        parts: Some(form.parts.clone()).filter(|_| !is_whole),
    };
    keys.insert("name".to_owned(), json!(form.name));
    keys.insert("author".to_owned(), json!(form.author));
    keys.insert("category".to_owned(), json!(form.category));
    keys.insert("description".to_owned(), json!(form.description));
    keys.insert("tags".to_owned(), json!(form.tags));
    keys.insert("hints".to_owned(), json!(form.hints));
    keys.insert("challengectl".to_owned(), json!(own));
    scored(&mut keys, form.points, form.max_attempts, form.enabled);
    keys.insert("flags".to_owned(), shown.into());
    keys.insert("logic".to_owned(), json!(logic));
    add(&mut keys, card);
    text(keys)
}

/// Returns the text of the `challenge.yml` of a challenge that goes on air, with its points and flags if it has some. It
/// says what the public page shows. The signal is not in it.
#[must_use]
pub fn write_transmission(spec: &ChallengeSpec, points: u32, max_attempts: Option<u32>, parts: &[Part]) -> String {
    let Spec::Transmission(transmission) = &spec.kind;
    let (shown, logic, _) = flags::write(parts);
    let mut description = String::new();
    if spec.public_view.show_modulation {
        let _ = writeln!(description, "Modulation: {}", transmission.modulation);
    }
    if let (true, challengectl_common::Tuning::Frequency(frequency)) =
        (spec.public_view.show_frequency, &transmission.tuning)
    {
        let _ = writeln!(description, "Frequency: {} MHz", frequency.hz() as f64 / 1e6);
    }
    let mut keys = Map::new();
    keys.insert("name".to_owned(), json!(spec.name));
    keys.insert("author".to_owned(), json!(""));
    keys.insert("category".to_owned(), json!("RF"));
    keys.insert("description".to_owned(), json!(description));
    keys.insert("challengectl".to_owned(), json!({"kind": Kind::Transmission}));
    scored(&mut keys, points, max_attempts, spec.enabled && spec.public_view.show_challenge);
    keys.insert("flags".to_owned(), shown.into());
    keys.insert("logic".to_owned(), json!(logic));
    text(keys)
}

/// Returns the text of the `challenge.yml` of a challenge of kind `text`, like [`write()`].
#[must_use]
pub fn write_text(form: &TextForm, card: &Card) -> String {
    let (shown, logic, _) = flags::write(&form.parts);
    let mut keys = Map::new();
    keys.insert("name".to_owned(), json!(form.name));
    keys.insert("author".to_owned(), json!(""));
    keys.insert("category".to_owned(), json!(form.category));
    keys.insert("description".to_owned(), json!(form.description));
    keys.insert("tags".to_owned(), json!(form.tags));
    keys.insert("hints".to_owned(), json!(form.hints));
    keys.insert("challengectl".to_owned(), json!({"kind": Kind::Text}));
    scored(&mut keys, form.points, form.max_attempts, form.enabled);
    keys.insert("flags".to_owned(), shown.into());
    keys.insert("logic".to_owned(), json!(logic));
    add(&mut keys, card);
    text(keys)
}

/// Adds what a card says, as far as ctfcli has a key for it.
fn add(keys: &mut Map<String, Json>, card: &Card) {
    if card.hints.iter().any(|hint| hint.terms.is_some()) {
        keys.insert("hints".to_owned(), card.hints.iter().map(hint).collect());
    }
    if card.logic == Some(Logic::Team) {
        keys.insert("logic".to_owned(), json!("team"));
    }
    let solution = card.solution.as_ref().map(|it| json!({"path": SOLUTION_FILE, "state": it.state}));
    let files = card.files.iter().flatten().filter(|file| !file.of_solution);
    let name = |path: &str| format!("{FILES_FOLDER}/{}", path.rsplit('/').next().unwrap_or(path));
    let files: Vec<String> = files.map(|file| name(&file.path)).collect();
    let others = [
        ("attribution", json!(card.attribution)),
        ("connection_info", json!(card.connection_info)),
        ("scheduled_at", json!(card.scheduled_at)),
        ("next", json!(card.next)),
        ("requirements", json!(card.requirements)),
        ("topics", json!(card.topics)),
        ("solution", json!(solution)),
        ("files", json!(Some(files).filter(|files| !files.is_empty()))),
    ];
    keys.extend(others.into_iter().filter(|(_, value)| !value.is_null()).map(|(key, value)| (key.to_owned(), value)));
}

fn hint(hint: &Hint) -> Json {
    match &hint.terms {
        None => json!(hint.content),
        Some(terms) => json!({"content": hint.content, "title": terms.title, "cost": terms.cost}),
    }
}

fn scored(keys: &mut Map<String, Json>, points: u32, max_attempts: Option<u32>, enabled: bool) {
    // A challenge whose value falls has it under `extra`.
    if !keys.get("type").is_some_and(|kind| kind == "dynamic") {
        keys.insert("value".to_owned(), json!(points));
    }
    keys.entry("type").or_insert_with(|| json!("standard"));
    keys.entry("version").or_insert_with(|| json!("0.1"));
    keys.insert("attempts".to_owned(), json!(max_attempts.unwrap_or(0)));
    keys.insert("state".to_owned(), json!(if enabled { "visible" } else { "hidden" }));
}

/// Values are written as JSON, which is valid YAML, so that texts such as `no` and `1e5` stay text.
fn text(mut keys: Map<String, Json>) -> String {
    let mut text = String::new();
    let ordered: Vec<_> =
        ORDER.iter().filter_map(|key| keys.remove(*key).map(|value| ((*key).to_owned(), value))).collect();
    for (key, value) in ordered.into_iter().chain(keys) {
        let key = if is_plain(&key) { key } else { json!(key).to_string() };
        // Writing to a string does not fail.
        let _ = writeln!(text, "{key}: {value}");
    }
    text
}

fn is_plain(key: &str) -> bool {
    key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
        && !matches!(key, "y" | "n" | "yes" | "no" | "on" | "off" | "true" | "false" | "null")
}
