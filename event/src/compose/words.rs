//! Commands: a list of words, or a line that is split into words as a shell does.

use super::notes::Notes;
use crate::document::node::{Node, Value};

/// Reads `command` or `entrypoint`. An empty one means that of the image.
pub(super) fn read(key: &str, node: Node, notes: &mut Notes) -> Vec<String> {
    if !matches!(node.value, Value::Scalar(_)) {
        return notes.texts(key, node).into_iter().map(|(_, word)| word).collect();
    }
    let Some(line) = notes.text(key, &node) else { return Vec::new() };
    shlex::split(&line).unwrap_or_else(|| {
        notes.unsupported(node.line, key, "a quotation has no end; write it as a list of words");
        Vec::new()
    })
}
