//! Compose files: each service becomes a container of the instance.
//!
//! Reading does not stop at a mistake: each key is either taken over, or named in a finding with its line. What would
//! reach the host or other instances is refused; the challenge is returned without it.

mod build;
mod depends;
mod environment;
mod health;
mod interpolate;
mod keys;
mod limits;
mod networks;
pub(crate) mod notes;
mod ports;
mod service;
mod volumes;
mod words;

pub use keys::{IGNORED, REFUSED, SUPPORTED, UNSUPPORTED};

use crate::document::node::{self, Key, Node, Value};
use crate::instance::{Finding, Form, Level, Reading, Slug};
use challengectl_common::ChallengeName;
use challengectl_common::instance::{ContainerSpec, InstanceSpec};
use notes::Notes;

/// A service, and those that have to be started before it.
struct Service {
    /// Its name in the file.
    name: String,
    line: u64,
    container: ContainerSpec,
    after: Vec<(u64, String)>,
}

/// Reads a Compose file as a challenge of this name; without one, of the file's own.
#[must_use]
pub fn read(text: &str, name: Option<ChallengeName>) -> Reading {
    let mut notes = Notes::default();
    let form = root(text, &mut notes).and_then(|keys| form(keys, name, &mut notes));
    Reading { form, findings: notes.finish() }
}

fn root(text: &str, notes: &mut Notes) -> Option<Vec<(Key, Node)>> {
    match node::parse(text) {
        Ok(Node { value: Value::Map(keys), .. }) => Some(keys),
        Ok(Node { line, .. }) => {
            notes.unsupported(
                line,
                "services",
                "this is not a Compose file: it has no `services:` with `NAME:` lines below",
            );
            None
        }
        Err((line, why)) => {
            notes.unsupported(line.unwrap_or(0), "", why);
            None
        }
    }
}

fn form(keys: Vec<(Key, Node)>, given: Option<ChallengeName>, notes: &mut Notes) -> Option<Form> {
    let (mut services, mut own_name) = (None, None);
    for (key, node) in keys {
        match key.name.as_str() {
            "services" => services = Some((key.line, node)),
            "name" => own_name = notes.text("name", &node),
            "version" => notes.ignored(key.line, "version", "there is one format"),
            "volumes" => volumes::top(node, notes),
            "networks" => networks::top(node, notes),
            "secrets" | "configs" => {
                notes.unsupported(key.line, &key.name, "put what is in it into the image, or into `environment`");
            }
            "include" => notes.unsupported(key.line, "include", "write the services of that file here"),
            name if name.starts_with("x-") => {}
            name => notes.unsupported(key.line, name, "this key is unknown"),
        }
    }
    let name = given.or_else(|| ChallengeName::new(own_name?.trim()).ok()).or_else(|| {
        notes.note(0, "name", "the challenge has no name yet");
        ChallengeName::new("Challenge").ok()
    })?;
    let Some((line, services)) = services else {
        notes.unsupported(0, "services", "there are none");
        return None;
    };
    let all = all_services(line, services, &Slug::of(name.as_str()), notes);
    let spec = InstanceSpec { containers: depends::in_order(all, notes), process: None };
    if let Err(why) = spec.check() {
        notes.unsupported(line, "services", why);
        return None;
    }
    Some(Form::new(name, spec))
}

fn all_services(line: u64, services: Node, slug: &Slug, notes: &mut Notes) -> Vec<Service> {
    let Value::Map(services) = services.value else {
        notes.unsupported(line, "services", "there are none");
        return Vec::new();
    };
    let read = |(key, node)| service::read(key, node, slug, notes);
    services.into_iter().filter_map(read).collect()
}

/// Returns a finding without a line.
pub(crate) fn whole(level: Level, key: &str, message: impl Into<String>) -> Finding {
    Finding { line: 0, level, key: key.to_owned(), message: message.into() }
}
