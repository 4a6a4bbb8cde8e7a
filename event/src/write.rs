//! Writing of an event as a file that [`read`](crate::read) reads back unchanged.

use crate::TextForm;
use crate::card::Card;
use crate::instance::Form;
use crate::keys::keys_of;
use challengectl_common::challenge::NamedRange;
use challengectl_common::{ChallengeSpec, Conference};
use serde_json::{Value, json};
use std::fmt::Write;

/// The name of the event file of an archive.
pub const EVENT_FILE: &str = "challenges.yml";

/// Returns the text of a `challenges.yml`. Values are written as JSON, which is valid YAML, so that texts such as `no`
/// and `1e5` stay text.
#[must_use]
pub fn write(
    conference: &Conference,
    ranges: &[NamedRange],
    challenges: &[ChallengeSpec],
    instances: &[(Form, Card)],
    texts: &[(TextForm, Card)],
) -> String {
    let mut text = String::new();
    if *conference != Conference::default() {
        text.push_str("conference:\n");
        for (key, value) in conference_fields(conference) {
            let _ = writeln!(text, "  {key}: {value}");
        }
    }
    list(&mut text, "frequency_ranges", ranges.iter().map(range).collect());
    let challenges = challenges.iter().map(keys_of);
    let instances = instances.iter().map(|(form, card)| with_card(instance(form), card));
    let texts = texts.iter().map(|(form, card)| with_card(self::text(form), card));
    list(&mut text, "challenges", challenges.chain(instances).chain(texts).collect());
    text
}

fn list(text: &mut String, key: &str, items: Vec<Vec<(&'static str, Value)>>) {
    if items.is_empty() {
        return;
    }
    // Writing to a string does not fail.
    let _ = writeln!(text, "{key}:");
    for item in items {
        for (index, (key, value)) in item.iter().enumerate() {
            let mark = if index == 0 { '-' } else { ' ' };
            let _ = writeln!(text, "  {mark} {key}: {value}");
        }
    }
}

/// Returns the keys of a challenge of kind `instance`; those of its texts that are empty are left out.
fn instance(form: &Form) -> Vec<(&'static str, Value)> {
    let mut keys = vec![("name", json!(form.name)), ("kind", json!("instance"))];
    let texts = [
        ("category", &form.category),
        ("difficulty", &form.difficulty),
        ("description", &form.description),
        ("author", &form.author),
        ("estimated_time", &form.estimated_time),
    ];
    let lists = [("tags", &form.tags), ("learning_objectives", &form.learning_objectives), ("hints", &form.hints)];
    keys.extend(form.id.as_ref().map(|id| ("id", json!(id))));
    keys.push(("enabled", json!(form.enabled)));
    keys.extend(texts.into_iter().filter(|(_, text)| !text.is_empty()).map(|(key, text)| (key, json!(text))));
    keys.extend(lists.into_iter().filter(|(_, texts)| !texts.is_empty()).map(|(key, texts)| (key, json!(texts))));
    keys.push(("policy", json!(form.policy)));
    keys.push(("spec", json!(form.spec)));
    keys.push(("points", json!(form.points)));
    keys.extend(form.max_attempts.map(|max| ("max_attempts", json!(max))));
    keys.extend(Some(&form.parts).filter(|parts| !parts.is_empty()).map(|parts| ("parts", json!(parts))));
    keys.extend(Some(&form.other_keys).filter(|keys| !keys.is_empty()).map(|keys| ("other_keys", json!(keys))));
    keys
}

/// Returns the keys of a challenge of kind `text`; those that are empty are left out.
fn text(form: &TextForm) -> Vec<(&'static str, Value)> {
    let mut keys = vec![("name", json!(form.name)), ("kind", json!("text")), ("enabled", json!(form.enabled))];
    let texts = [("category", &form.category), ("description", &form.description)];
    let lists = [("tags", &form.tags), ("hints", &form.hints)];
    keys.extend(texts.into_iter().filter(|(_, text)| !text.is_empty()).map(|(key, text)| (key, json!(text))));
    keys.extend(lists.into_iter().filter(|(_, texts)| !texts.is_empty()).map(|(key, texts)| (key, json!(texts))));
    keys.push(("points", json!(form.points)));
    keys.extend(form.max_attempts.map(|max| ("max_attempts", json!(max))));
    keys.extend(Some(&form.parts).filter(|parts| !parts.is_empty()).map(|parts| ("parts", json!(parts))));
    keys
}

/// Adds the keys of a card. Its hints have the texts of those of the form.
fn with_card(mut keys: Vec<(&'static str, Value)>, card: &Card) -> Vec<(&'static str, Value)> {
    if !card.hints.is_empty() {
        keys.retain(|(key, _)| *key != "hints");
        keys.push(("hints", json!(card.hints)));
    }
    let others = [
        ("service", json!(card.service)),
        ("locked", json!(card.locked)),
        ("logic", json!(card.logic)),
        ("attribution", json!(card.attribution)),
        ("connection_info", json!(card.connection_info)),
        ("scheduled_at", json!(card.scheduled_at)),
        ("next", json!(card.next)),
        ("module_id", json!(card.module_id)),
        ("requirements", json!(card.requirements)),
        ("secrets", json!(card.secrets)),
        ("topics", json!(card.topics)),
        ("solution", json!(card.solution)),
        ("files", json!(card.files)),
    ];
    keys.extend(others.into_iter().filter(|(_, value)| !value.is_null()));
    keys
}

/// Returns all fields, including empty ones, so that an import replaces every field of the previous conference.
fn conference_fields(conference: &Conference) -> [(&'static str, Value); 7] {
    [
        ("name", json!(conference.name())),
        ("start", json!(conference.start())),
        ("stop", json!(conference.stop())),
        ("timezone", json!(conference.timezone())),
        ("day_start", json!(conference.day_start())),
        ("day_end", json!(conference.day_end())),
        ("auto_pause", json!(conference.auto_pause())),
    ]
}

fn range(range: &NamedRange) -> Vec<(&'static str, Value)> {
    let mut fields = vec![("name", json!(range.name))];
    fields.extend(range.display_name.as_ref().map(|name| ("display_name", json!(name))));
    fields.extend([("min_hz", json!(range.band.low())), ("max_hz", json!(range.band.high()))]);
    fields.extend(range.raster_hz.map(|raster| ("raster_hz", json!(raster))));
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn conference(event: &crate::Event) -> Conference {
        Conference::default().with(event.conference.clone().unwrap()).unwrap()
    }

    #[test]
    fn a_written_conference_replaces_every_field_of_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(EVENT_FILE);
        let read = |text: &str| {
            let challenges = "challenges: [{name: M, modulation: cw, frequency: 145550000, text: E}]";
            std::fs::write(&path, format!("{text}\n{challenges}\n")).unwrap();
            crate::read(&path, None).unwrap()
        };
        let plain = conference(&read("conference: {name: C}"));
        let other = "name: D, start: 2026-11-22T09:00:00Z, day_start: 09:00, day_end: 22:00, auto_pause: true";
        let other = conference(&read(&format!("conference: {{{other}, timezone: Europe/Berlin}}")));
        let written = read(&write(&plain, &[], &[], &[], &[])).conference.unwrap();
        assert_eq!(other.with(written).unwrap(), plain);
        assert_eq!(write(&Conference::default(), &[], &[], &[], &[]), "");
    }

    #[test]
    fn what_is_written_reads_back_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(EVENT_FILE);
        let source = r#"
conference: {name: "no: 'C'", start: "2026-11-22 09:00:00.250 -5", timezone: America/New_York, day_start: 20:00,
  day_end: 02:30, auto_pause: true}
frequency_ranges:
  - {name: ham_144, display_name: "2 m: amateurs", min_hz: 144000000, max_hz: 148000000}
  - {name: "no", min_hz: 420000000, max_hz: 450000000, raster_hz: 12500}
challenges:
  - {name: PLAIN, modulation: cw, frequency: 145550000, text: CQ FLAG, parameters: {wpm: 18.5}}
  - {name: "123", modulation: cw, frequency_ranges: [ham_144, "no"], text: "0123", enabled: false, priority: -3}
  - {name: KEYFOB, modulation: ask, manual_frequency_range: {min_hz: 433100000, max_hz: 434700000},
     text: "a: \"b\" # c\n\t\\ {{d}} é\u2028 'yes'", min_delay: 0.5, max_delay: 1.25}
  - {name: PAGER, modulation: pocsag, frequency: 433925000, text: "~", parameters: {capcode: 1234567, baud: 512},
     public_view: {show_frequency: false}, only_on: [roof, van/uhf]}
  - {name: Guest book, kind: instance, category: web, hints: ["no", "1e5"], enabled: false, points: 150,
     policy: {after_solve_seconds: null}, parts: [{flags: [{mode: text, content: "flag{a: b}"}]}],
     spec: {containers: [{image: "web:1", ports: [80/http, ssh=22/tcp], environment: {A: "1"}}]}}
  - {name: Warm up, kind: text, description: "Read: the rules.", tags: ["no"], points: 10, max_attempts: 3, logic: all,
     hints: [Twice, {content: "1e5", title: "no", cost: 20, after: [1]}], requirements: {prerequisites: [PLAIN], anonymize: true},
     solution: {content: "a: b", state: solved}, topics: ["no"], next: guest-book, attribution: us, locked: true,
     files: [{path: rules.txt}, {path: rules.txt, of_solution: true}],
     parts: [{flags: [{mode: text_any_case, content: "flag{a}"}]}, {share: 2, flags: [{mode: pattern, content: "b+"}]}]}
"#;
        std::fs::write(&path, source).unwrap();
        std::fs::write(folder.path().join("rules.txt"), "Be kind.").unwrap();
        let first = crate::read(&path, None).unwrap();
        let specs: Vec<_> = first.challenges.iter().map(|challenge| challenge.spec.clone()).collect();
        let forms: Vec<_> = first.instances.iter().map(|it| (it.form.clone(), it.card.clone())).collect();
        let texts: Vec<_> = first.texts.iter().map(|it| (it.form.clone(), it.card.clone())).collect();
        std::fs::write(&path, write(&conference(&first), &first.ranges, &specs, &forms, &texts)).unwrap();
        let again = crate::read(&path, None).unwrap();
        assert_eq!(again.ranges, first.ranges);
        assert_eq!(conference(&again), conference(&first));
        assert_eq!(again.challenges.iter().map(|challenge| challenge.spec.clone()).collect::<Vec<_>>(), specs);
        assert_eq!(again.instances.iter().map(|it| (it.form.clone(), it.card.clone())).collect::<Vec<_>>(), forms);
        assert_eq!(again.texts.iter().map(|it| (it.form.clone(), it.card.clone())).collect::<Vec<_>>(), texts);
        assert_eq!((forms.len(), texts.len()), (1, 1));
        assert_eq!(texts[0].0.hints, ["Twice", "1e5"]);
        assert_eq!(again.texts[0].files.as_ref().unwrap()[1].name, "rules.txt");
        // A line break within a text is remarked, as in any file.
        assert!(again.remarks.iter().all(|remark| remark.text.starts_with("`\\n`")), "{:?}", again.remarks);
    }

    #[test]
    fn the_example_reads_back_the_same() {
        let config = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../config"));
        let first = crate::read(&config.join(EVENT_FILE), None).unwrap();
        let specs: Vec<_> = first.challenges.iter().map(|challenge| challenge.spec.clone()).collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(EVENT_FILE);
        std::fs::write(&path, write(&conference(&first), &first.ranges, &specs, &[], &[])).unwrap();
        let again = crate::read(&path, Some(config)).unwrap();
        assert_eq!(again.challenges.iter().map(|challenge| challenge.spec.clone()).collect::<Vec<_>>(), specs);
    }
}
