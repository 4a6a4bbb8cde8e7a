//! Variables of the environment: a list of `NAME=VALUE`, or a mapping.

use super::notes::{Notes, quoted};
use crate::document::node::{Node, Value};
use crate::instance::FLAG_VARIABLES;
use std::collections::BTreeMap;

pub(super) fn read(node: Node, notes: &mut Notes) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    match node.value {
        Value::Map(keys) => {
            for (key, node) in keys {
                if matches!(node.value, Value::Null) {
                    without_value(key.line, &key.name, notes);
                } else if let Some(value) = notes.text("environment", &node) {
                    add(key.line, key.name, value, &mut variables, notes);
                }
            }
        }
        value => {
            for (line, text) in notes.texts("environment", Node { line: node.line, value }) {
                match text.split_once('=') {
                    Some((name, value)) => add(line, name.to_owned(), value.to_owned(), &mut variables, notes),
                    None => without_value(line, &text, notes),
                }
            }
        }
    }
    variables
}

/// Adds a variable, unless it holds the flag: a fixed one would take the place of that of the instance.
fn add(line: u64, name: String, value: String, variables: &mut BTreeMap<String, String>, notes: &mut Notes) {
    if FLAG_VARIABLES.contains(&name.as_str()) {
        let way =
            format!("{name} is left out: each instance gets a flag of its own in it, unless the challenge sets it");
        notes.note(line, "environment", way);
        return;
    }
    variables.insert(name, value);
}

fn without_value(line: u64, name: &str, notes: &mut Notes) {
    let way = format!("{:?} would be the variable of the host; write its value", quoted(name));
    notes.unsupported(line, "environment", way);
}

/// Names the files whose variables have to be written into this one.
pub(super) fn files(node: Node, notes: &mut Notes) {
    let items = match node.value {
        Value::List(items) => items,
        value => vec![Node { line: node.line, value }],
    };
    for item in items {
        let path = match item.field("path") {
            Some(path) => Some(path.to_owned()),
            None => notes.text("env_file", &item),
        };
        if let Some(path) = path {
            let way = format!("write the variables of {:?} under `environment`", quoted(&path));
            notes.unsupported(item.line, "env_file", way);
        }
    }
}
