//! The `challenge.yml` of ctfcli, the command line of CTFd: read as a challenge of kind `instance`, and written.
//!
//! What instances are made of stands under the key `challengectl`, which ctfcli leaves alone. It is not under `extra`, since
//! ctfcli sends each key of that to CTFd as a field of the challenge.

mod flags;
mod folder;
mod own;
mod texts;
mod write;

pub use folder::{Found, read_folder};
pub use write::{FILE, FILES_FOLDER, SOLUTION_FILE, write, write_text, write_transmission};

use crate::compose;
use crate::compose::notes::{Notes, quoted};
use crate::document::node::{self, Key, Node, Value};
use crate::instance::{DEFAULT_POINTS, Finding, Form, Part, Reading, Slug};
use challengectl_common::ChallengeName;
use challengectl_common::instance::InstanceSpec;
use own::Own;
use serde_json::{Map, Value as Json, json};

/// The keys that are taken over, besides `challengectl`.
const TAKEN: [&str; 11] =
    ["name", "author", "category", "description", "value", "attempts", "logic", "flags", "tags", "hints", "state"];

/// The other keys of ctfcli, which an export writes again, and what their lack means.
const KEPT: &[(&str, &str)] = &[
    ("attribution", "players do not see it"),
    ("connection_info", "players see the addresses of their own instance"),
    ("healthcheck", "it is for ctfcli; give `health` of the container"),
    ("host", "runners start the instances"),
    ("module", "there are no modules"),
    ("next", "there is no order of challenges"),
    ("protocol", "ports say what opens them"),
    ("scheduled_at", "enable the challenge when it is time"),
    ("solution", "players do not see it"),
    ("topics", "players do not see them"),
    ("type", "points do not change"),
    ("extra", "points do not change"),
    ("version", "there is one format"),
];

/// The keys that players miss.
const MISSED: &[(&str, &str)] = &[
    ("files", "files are not handed out; put links into the description"),
    ("requirements", "players see the challenge from the beginning"),
];

/// Reads a `challenge.yml`. A challenge of this name; without one, of the file's own.
#[must_use]
pub fn read(text: &str, name: Option<ChallengeName>) -> Reading {
    let mut notes = Notes::default();
    let form = draft_of(text, name, &mut notes).map(|draft| draft.alone(&mut notes));
    Reading { form: form.filter(is_whole), findings: notes.finish() }
}

/// Reads a `challenge.yml`, with the Compose file beside it, unless the former has the containers itself. Returns the
/// findings about the latter apart.
fn read_with(text: &str, compose_file: &str) -> (Reading, Vec<Finding>) {
    let mut notes = Notes::default();
    let Some(draft) = draft_of(text, None, &mut notes) else {
        return (Reading { form: None, findings: notes.finish() }, Vec::new());
    };
    if draft.own.spec.is_some() {
        let form = draft.alone(&mut notes);
        return (Reading { form: Some(form).filter(is_whole), findings: notes.finish() }, Vec::new());
    }
    // Images that are built are named by the challenge.
    let Reading { form, findings } = compose::read(compose_file, ChallengeName::new(draft.form.slug().as_str()).ok());
    let form = form.map(|compose| Form { spec: compose.spec, ..draft.form });
    (Reading { form, findings: notes.finish() }, findings)
}

/// What a file says, before its containers are known.
struct Draft {
    form: Form,
    own: Own,
    image: Option<(u64, String)>,
}

impl Draft {
    /// Returns the challenge with the containers that the file itself names.
    fn alone(self, notes: &mut Notes) -> Form {
        let slug = self.form.slug();
        let spec = self.own.spec.unwrap_or_else(|| own::spec_of(self.image, &slug, notes));
        Form { spec, ..self.form }
    }
}

fn is_whole(form: &Form) -> bool {
    !form.spec.containers.is_empty() || form.spec.process.is_some()
}

fn draft_of(text: &str, name: Option<ChallengeName>, notes: &mut Notes) -> Option<Draft> {
    let keys = root(text, notes)?;
    draft(&keys, name, notes)
}

fn root(text: &str, notes: &mut Notes) -> Option<Vec<(Key, Node)>> {
    match node::parse(text) {
        Ok(Node { value: Value::Map(keys), .. }) => Some(keys),
        Ok(Node { line, .. }) => {
            notes.unsupported(line, "name", "this is not a challenge.yml: it has no `KEY: VALUE` lines");
            None
        }
        Err((line, why)) => {
            notes.unsupported(line.unwrap_or(0), "", why);
            None
        }
    }
}

fn draft(keys: &[(Key, Node)], given: Option<ChallengeName>, notes: &mut Notes) -> Option<Draft> {
    let find = |name: &str| keys.iter().find(|(key, _)| key.name == name).map(|(_, node)| node);
    let own = find("challengectl").map(|node| own::read(node, notes)).unwrap_or_default();
    if let Some(why) = own.elsewhere() {
        notes.ignored(0, "challengectl", why);
        return None;
    }
    let name = given.or_else(|| name(find("name"), notes))?;
    let mut form = Form::new(name, InstanceSpec { containers: Vec::new(), process: None });
    form.parts = flags::read(find("flags"), find("logic"), notes);
    form.points = points(find("value"), find("extra"), notes);
    form.max_attempts = find("attempts").and_then(|node| texts::number("attempts", node, notes)).filter(|it| *it > 0);
    form.tags = find("tags").map(|node| texts::list("tags", "value", node, notes)).unwrap_or_default();
    form.hints = find("hints").map(|node| texts::list("hints", "content", node, notes)).unwrap_or_default();
    form.enabled = find("state").and_then(Node::written).is_none_or(|state| state == "visible");
    for (key, text) in
        [("author", &mut form.author), ("category", &mut form.category), ("description", &mut form.description)]
    {
        *text = find(key).and_then(|node| texts::one(key, node, notes)).unwrap_or_default();
    }
    let image = find("image").and_then(|node| Some((node.line, node.written()?.to_owned())));
    form.other_keys = others(keys, notes);
    own.apply(&mut form);
    Some(Draft { form, own, image })
}

fn name(node: Option<&Node>, notes: &mut Notes) -> Option<ChallengeName> {
    let Some(node) = node else {
        notes.unsupported(0, "name", "it is missing");
        return None;
    };
    let text = texts::one("name", node, notes)?;
    ChallengeName::new(&text).map_err(|why| notes.unsupported(node.line, "name", why.to_string())).ok()
}

/// Returns the points; those of a challenge whose value falls are those at the beginning.
fn points(value: Option<&Node>, extra: Option<&Node>, notes: &mut Notes) -> u32 {
    let value = value.filter(|node| !matches!(node.value, Value::Null));
    if let Some(value) = value {
        return texts::number("value", value, notes).unwrap_or(DEFAULT_POINTS);
    }
    let initial = extra.and_then(|extra| extra.field("initial")).and_then(|initial| initial.parse().ok());
    initial.unwrap_or(DEFAULT_POINTS)
}

/// Returns the keys that an export writes again, and reports what they lack.
fn others(keys: &[(Key, Node)], notes: &mut Notes) -> Map<String, Json> {
    let mut others = Map::new();
    for (key, node) in keys {
        let name = key.name.as_str();
        if TAKEN.contains(&name) || name == "challengectl" {
            continue;
        }
        // An export writes these in any case.
        if matches!((name, node.written()), ("type", Some("standard")) | ("version", Some("0.1"))) {
            continue;
        }
        others.insert(key.name.clone(), node.to_json());
        let about =
            |table: &[(&str, &'static str)]| table.iter().find(|(known, _)| *known == name).map(|(_, why)| *why);
        let is_empty_map = matches!(&node.value, Value::Map(keys) if keys.is_empty());
        let is_empty = matches!(node.value, Value::Null) || node.is_empty_list() || is_empty_map;
        if is_empty || name == "image" {
            continue;
        }
        if let Some(why) = about(MISSED) {
            notes.unsupported(key.line, name, why);
        } else {
            let why = about(KEPT).unwrap_or("it has no meaning here");
            notes.ignored(key.line, name, format!("{why}; an export writes it again"));
        }
    }
    others
}
