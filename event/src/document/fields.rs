//! A YAML mapping from which keys are taken one by one, so that no key is overlooked.

use super::node::{Key, Node, Value};
use crate::report::{Reported, Scope};
use challengectl_common::closest;

/// The remaining keys of a mapping.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    pub(crate) line: u64,
    entries: Vec<(Key, Node)>,
}

impl Fields {
    pub(crate) fn new(line: u64, entries: Vec<(Key, Node)>) -> Self {
        Self { line, entries }
    }

    /// Returns the fields of `node`, which must be a mapping.
    pub(crate) fn of(node: Node, what: &str, scope: &mut Scope<'_>) -> Result<Self, Reported> {
        match node.value {
            Value::Map(entries) => Ok(Self { line: node.line, entries }),
            other => Err(scope.problem(node.line, format!("{what} must be `key: value` lines, not {other}"))),
        }
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(found, _)| found.name == key)
    }

    /// Returns a value without taking it.
    pub(crate) fn peek(&self, key: &str) -> Option<&Node> {
        self.entries.iter().find(|(found, _)| found.name == key).map(|(_, node)| node)
    }

    /// Returns a value as it is written, without taking it.
    pub(crate) fn peek_text(&self, key: &str) -> Option<String> {
        self.peek(key).and_then(Node::written).map(str::to_owned)
    }

    /// Reports misspelt keys (similar to one of `known`, and not read otherwise), and corrects them, so that the value
    /// is not reported as missing in addition.
    pub(crate) fn correct(&mut self, known: &[&str], is_other: impl Fn(&str) -> bool, scope: &mut Scope<'_>) {
        let mut entries = Vec::with_capacity(self.entries.len());
        for (mut key, node) in std::mem::take(&mut self.entries) {
            let is_right = known.contains(&key.name.as_str()) || is_other(&key.name);
            let meant = if is_right { None } else { closest(&key.name, known.iter().copied()) };
            if let Some(meant) = meant {
                scope.problem(key.line, unknown_key(&key.name, known));
                key.name = meant.to_owned();
            }
            let is_double = entries.iter().any(|(earlier, _): &(Key, Node)| earlier.name == key.name);
            if !is_double {
                entries.push((key, node));
            }
        }
        self.entries = entries;
    }

    /// Takes a value; `None` if the key is absent or has no value.
    pub(crate) fn take(&mut self, key: &str) -> Option<Node> {
        let index = self.entries.iter().position(|(found, _)| found.name == key)?;
        let (_, node) = self.entries.remove(index);
        Some(node).filter(|node| !matches!(node.value, Value::Null))
    }

    /// Takes and parses a value; `None` if the key is absent or has no value.
    pub(crate) fn take_as<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(Node) -> Result<T, String>,
        scope: &mut Scope<'_>,
    ) -> Result<Option<T>, Reported> {
        let Some(node) = self.take(key) else { return Ok(None) };
        let line = node.line;
        read(node).map(Some).map_err(|why| scope.problem(line, format!("`{key}`: {why}")))
    }

    /// Takes and parses a value; `None` if the key is absent, `Some(None)` if it has no value.
    pub(crate) fn take_given<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(Node) -> Result<T, String>,
        scope: &mut Scope<'_>,
    ) -> Result<Option<Option<T>>, Reported> {
        let given = self.has(key);
        self.take_as(key, read, scope).map(|value| given.then_some(value))
    }

    /// Takes and parses a value that must be given.
    pub(crate) fn require_as<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(Node) -> Result<T, String>,
        scope: &mut Scope<'_>,
    ) -> Result<T, Reported> {
        self.take_as(key, read, scope)?.ok_or_else(|| scope.problem(self.line, format!("`{key}` is missing")))
    }

    /// Returns the keys that have not been taken.
    pub(crate) fn into_rest(self) -> impl Iterator<Item = (Key, Node)> {
        self.entries.into_iter()
    }

    /// Reports every key that has not been taken as unknown.
    pub(crate) fn refuse_rest<'a>(self, known: impl IntoIterator<Item = &'a str>, scope: &mut Scope<'_>) {
        let known: Vec<_> = known.into_iter().collect();
        self.refuse_rest_but(|_| false, &known, scope);
    }

    /// Reports every key that has not been taken as unknown, except those that `is_free` accepts.
    pub(crate) fn refuse_rest_but(self, is_free: impl Fn(&str) -> bool, known: &[&str], scope: &mut Scope<'_>) {
        for (key, _) in self.into_rest().filter(|(key, _)| !is_free(&key.name)) {
            scope.problem(key.line, unknown_key(&key.name, known));
        }
    }
}

/// Returns the message about an unknown key, with a suggestion or else with all known keys.
pub(crate) fn unknown_key(name: &str, known: &[&str]) -> String {
    let name: String = name.chars().take(80).collect();
    match closest(&name, known.iter().copied()) {
        Some(meant) => format!("unknown key `{name}`; did you mean `{meant}`?"),
        None => format!("unknown key `{name}`; there are {}", known.join(", ")),
    }
}
