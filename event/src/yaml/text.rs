//! A challenge of kind `text`: the keys of its form, and `kind`.

use super::entry;
use super::fit::{Check, fits};
use crate::document::node::Node;
use crate::instance::Part;
use crate::report::{Reported, Scope};
use crate::{Text, TextForm};
use challengectl_common::ChallengeName;

/// The keys, and what fits each.
const KEYS: [(&str, Check); 8] = [
    ("name", fits::<ChallengeName>),
    ("enabled", fits::<bool>),
    ("category", fits::<String>),
    ("description", fits::<String>),
    ("tags", fits::<Vec<String>>),
    ("points", fits::<u32>),
    ("max_attempts", fits::<Option<u32>>),
    ("parts", fits::<Vec<Part>>),
];

/// Reads a challenge, whose name none of `earlier` has.
pub(super) fn read(node: Node, earlier: &[Text], scope: &mut Scope<'_>) -> Result<Text, Reported> {
    let entry = entry::read(node, &KEYS, &["name"], TextForm::check, scope)?;
    if let Some(other) = earlier.iter().find(|other| other.form.name == entry.form.name) {
        let why = format!("there is one of this name on line {}; give another `name`", other.line);
        return Err(scope.problem(entry.line, why));
    }
    Ok(entry)
}
