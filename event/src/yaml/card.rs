//! The keys of the card of a challenge of kind `instance` or `text`.

use super::fit::{Check, fits};
use crate::card::{CardFile, Hint, Logic, Requirements, SecretName, Solution};
use crate::document::node::{Key, Node, Value};

/// The keys, and what fits each.
pub(super) const KEYS: [(&str, Check); 14] = [
    ("service", fits::<bool>),
    ("locked", fits::<bool>),
    ("logic", fits::<Logic>),
    ("attribution", fits::<String>),
    ("connection_info", fits::<String>),
    ("scheduled_at", fits::<String>),
    ("next", fits::<String>),
    ("module_id", fits::<i64>),
    ("requirements", fits::<Requirements>),
    ("secrets", fits::<Vec<SecretName>>),
    ("topics", fits::<Vec<String>>),
    ("hints", fits::<Vec<Hint>>),
    ("solution", fits::<Solution>),
    ("files", fits::<Vec<CardFile>>),
];

/// The keys of a map, each with its value.
type Keys = Vec<(Key, Node)>;

/// Splits the keys of a challenge into those of its form and those of its card. The texts of hints are in both.
pub(super) fn split(keys: Keys) -> (Keys, Keys) {
    let is_of_card = |name: &str| KEYS.iter().any(|(known, _)| *known == name);
    let (of_card, mut of_form): (Keys, Keys) = keys.into_iter().partition(|(key, _)| is_of_card(&key.name));
    let texts = of_card.iter().filter(|(key, _)| key.name == "hints").map(|(key, node)| (key.clone(), texts(node)));
    of_form.extend(texts);
    (of_form, of_card)
}

/// Returns hints as the list of their texts.
fn texts(hints: &Node) -> Node {
    let Value::List(items) = &hints.value else { return hints.clone() };
    let text = |item: &Node| {
        let Value::Map(keys) = &item.value else { return item.clone() };
        let content = keys.iter().find(|(key, _)| key.name == "content");
        content.map_or_else(|| item.clone(), |(_, node)| node.clone())
    };
    Node { line: hints.line, value: Value::List(items.iter().map(text).collect()) }
}
