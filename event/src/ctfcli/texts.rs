//! Texts, lists of texts, and numbers of a `challenge.yml`.

use super::{Notes, quoted};
use crate::document::node::{Node, Value};

pub(super) fn one(key: &str, node: &Node, notes: &mut Notes) -> Option<String> {
    if matches!(node.value, Value::Null) {
        return None;
    }
    let text = node.written().map(str::to_owned);
    if text.is_none() {
        notes.unsupported(node.line, key, format!("must be text, not {}", node.value));
    }
    text
}

/// Reads a list whose items are texts, or mappings with the text under a key.
pub(super) fn list(key: &str, under: &str, node: &Node, notes: &mut Notes) -> Vec<String> {
    let items = match &node.value {
        Value::Null => return Vec::new(),
        Value::List(items) => items,
        other => {
            notes.unsupported(node.line, key, format!("must be a list, not {other}"));
            return Vec::new();
        }
    };
    let mut texts = Vec::with_capacity(items.len());
    for item in items {
        if item.field("cost").is_some_and(|cost| cost != "0") {
            notes.ignored(item.line, key, "what it costs is left out; give it in a challenges.yml");
        }
        match item.field(under).or_else(|| item.written()) {
            Some(text) => texts.push(text.to_owned()),
            None => notes.unsupported(item.line, key, format!("must be text, or have `{under}`")),
        }
    }
    texts
}

pub(super) fn number(key: &str, node: &Node, notes: &mut Notes) -> Option<u32> {
    let text = one(key, node, notes)?;
    let number = text.trim().parse().ok();
    if number.is_none() {
        notes.unsupported(node.line, key, format!("{:?} is not a whole number from 0 on", quoted(&text)));
    }
    number
}
