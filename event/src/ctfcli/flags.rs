//! Flags of a `challenge.yml`: texts, or mappings with `type`, `content` and `data`.

use super::Notes;
use crate::document::node::{Node, Value};
use crate::instance::{Flag, FlagMode, Part};
use serde_json::{Value as Json, json};

/// Returns the parts of a challenge: one, which any flag solves, or with `logic: all` one for each flag.
pub(super) fn read(flags: Option<&Node>, logic: Option<&Node>, notes: &mut Notes) -> Vec<Part> {
    let Some(Node { value: Value::List(items), .. }) = flags else {
        if let Some(node) = flags.filter(|node| !matches!(node.value, Value::Null)) {
            notes.unsupported(node.line, "flags", format!("must be a list, not {}", node.value));
        }
        return Vec::new();
    };
    let flags: Vec<Flag> = items.iter().filter_map(|item| one(item, notes)).collect();
    if flags.is_empty() {
        return Vec::new();
    }
    match logic.and_then(Node::written) {
        Some("all") => flags.into_iter().map(|flag| Part { share: 1, flags: vec![flag] }).collect(),
        Some("team") => {
            let line = logic.map_or(0, |node| node.line);
            notes.unsupported(line, "logic", "any flag solves it; each member of a team need not send one");
            vec![Part { share: 1, flags }]
        }
        _ => vec![Part { share: 1, flags }],
    }
}

fn one(node: &Node, notes: &mut Notes) -> Option<Flag> {
    if let Some(text) = node.written() {
        return Some(Flag { mode: FlagMode::Text, content: text.to_owned() });
    }
    let Some(content) = node.field("content") else {
        notes.unsupported(node.line, "flags", "a flag is a text, or has `content`");
        return None;
    };
    let any_case = node.field("data") == Some("case_insensitive");
    let (mode, content) = match (node.field("type").unwrap_or("static"), any_case) {
        ("static", false) => (FlagMode::Text, content.to_owned()),
        ("static", true) => (FlagMode::TextAnyCase, content.to_owned()),
        ("regex", false) => (FlagMode::Pattern, content.to_owned()),
        ("regex", true) => (FlagMode::Pattern, format!("(?i){content}")),
        (other, _) => {
            notes.unsupported(node.line, "flags", format!("there are no flags of type {other:?}"));
            return None;
        }
    };
    Some(Flag { mode, content })
}

/// Returns the flags that CTFd can have, and whether they are the whole of the parts.
pub(super) fn write(parts: &[Part]) -> (Vec<Json>, &'static str, bool) {
    let all: Vec<&Flag> = parts.iter().flat_map(|part| &part.flags).collect();
    let shown: Vec<Json> = all.iter().filter_map(|flag| ctfd(flag)).collect();
    let is_any = parts.len() <= 1;
    let is_all = parts.iter().all(|part| part.flags.len() == 1);
    let has_equal_shares = parts.iter().all(|part| part.share == 1);
    let is_whole = shown.len() == all.len() && has_equal_shares && (is_any || is_all);
    (shown, if is_any { "any" } else { "all" }, is_whole)
}

fn ctfd(flag: &Flag) -> Option<Json> {
    let content = &flag.content;
    match flag.mode {
        FlagMode::Session => None,
        FlagMode::Text => Some(json!({"type": "static", "content": content})),
        FlagMode::TextAnyCase => Some(json!({"type": "static", "content": content, "data": "case_insensitive"})),
        FlagMode::Pattern => Some(json!({"type": "regex", "content": content})),
    }
}
