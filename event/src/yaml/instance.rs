//! A challenge of kind `instance`: the keys of its form, and `kind`.

use crate::Instance;
use crate::document::fields::unknown_key;
use crate::document::node::{Node, Value};
use crate::document::typed::typed;
use crate::instance::{Form, Part, Slug};
use crate::report::{Reported, Scope};
use challengectl_common::ChallengeName;
use challengectl_common::instance::{InstanceSpec, Policy};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

/// What is wrong with a value, and its line.
type Problem = (u64, String);

/// Says what is wrong with a value.
type Check = fn(&Node) -> Result<(), Problem>;

/// The keys, and what fits each.
const KEYS: [(&str, Check); 17] = [
    ("id", fits::<Slug>),
    ("name", fits::<ChallengeName>),
    ("enabled", fits::<bool>),
    ("category", fits::<String>),
    ("difficulty", fits::<String>),
    ("description", fits::<String>),
    ("tags", fits::<Vec<String>>),
    ("author", fits::<String>),
    ("estimated_time", fits::<String>),
    ("learning_objectives", fits::<Vec<String>>),
    ("hints", fits::<Vec<String>>),
    ("policy", fits::<Policy>),
    ("spec", fits::<InstanceSpec>),
    ("points", fits::<u32>),
    ("max_attempts", fits::<Option<u32>>),
    ("parts", fits::<Vec<Part>>),
    ("other_keys", fits::<Map<String, Json>>),
];

fn fits<T: DeserializeOwned>(node: &Node) -> Result<(), Problem> {
    typed::<T>(node).map(drop)
}

/// Reads a challenge, whose slug none of `earlier` has.
pub(super) fn read(node: Node, earlier: &[Instance], scope: &mut Scope<'_>) -> Result<Instance, Reported> {
    let line = node.line;
    let Value::Map(mut keys) = node.value else {
        return Err(scope.problem(line, "a challenge must be `key: value` lines"));
    };
    keys.retain(|(key, node)| key.name != "kind" && !matches!(node.value, Value::Null));
    for (key, node) in &keys {
        match KEYS.iter().find(|(known, _)| *known == key.name) {
            Some((name, fits)) => {
                let _ = fits(node).map_err(|(line, why)| scope.problem(line, format!("`{name}`: {why}")));
            }
            None => _ = scope.problem(key.line, unknown_key(&key.name, &KEYS.map(|(known, _)| known))),
        }
    }
    for required in ["name", "spec"] {
        if !keys.iter().any(|(key, _)| key.name == required) {
            scope.problem(line, format!("`{required}` is missing"));
        }
    }
    scope.verdict()?;
    let says_enabled = keys.iter().any(|(key, _)| key.name == "enabled");
    let lines: Vec<_> = keys.iter().map(|(key, _)| (key.name.clone(), key.line)).collect();
    let whole = Node { line, value: Value::Map(keys) };
    let form = typed::<Form>(&whole).map_err(|(line, why)| scope.problem(line, why))?;
    form.check().map_err(|why| {
        // The reason begins with its key.
        let key = why.split(':').next().unwrap_or_default();
        let at = lines.iter().find(|(name, _)| name == key).map_or(line, |(_, at)| *at);
        scope.problem(at, why)
    })?;
    let slug = form.slug();
    if let Some(other) = earlier.iter().find(|other| other.form.slug() == slug) {
        let why = format!("its id is {slug}, as that of {} on line {}; give another `id`", other.form.name, other.line);
        return Err(scope.problem(line, why));
    }
    Ok(Instance { form, says_enabled, line })
}
