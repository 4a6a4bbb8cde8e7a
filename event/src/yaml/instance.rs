//! A challenge of kind `instance`: the keys of its form, and `kind`.

use super::entry;
use super::fit::{Check, fits};
use crate::Instance;
use crate::document::node::Node;
use crate::instance::{Form, Part, Slug};
use crate::report::{Reported, Scope};
use challengectl_common::ChallengeName;
use challengectl_common::instance::{InstanceSpec, Policy};
use serde_json::{Map, Value as Json};

/// The keys, and what fits each.
const KEYS: [(&str, Check); 16] = [
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
    ("policy", fits::<Policy>),
    ("spec", fits::<InstanceSpec>),
    ("points", fits::<u32>),
    ("max_attempts", fits::<Option<u32>>),
    ("parts", fits::<Vec<Part>>),
    ("other_keys", fits::<Map<String, Json>>),
];

/// Reads a challenge, whose slug none of `earlier` has.
pub(super) fn read(node: Node, earlier: &[Instance], scope: &mut Scope<'_>) -> Result<Instance, Reported> {
    let entry = entry::read(node, &KEYS, &["name", "spec"], Form::check, scope)?;
    let slug = entry.form.slug();
    if let Some(other) = earlier.iter().find(|other| other.form.slug() == slug) {
        let why = format!("its id is {slug}, as that of {} on line {}; give another `id`", other.form.name, other.line);
        return Err(scope.problem(entry.line, why));
    }
    Ok(entry)
}
