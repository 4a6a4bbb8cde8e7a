//! The changes between two states, as JSON: of a list the rows that differ, by their keys; other fields whole.

use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// The key of the rows of a list.
#[derive(Debug, Clone, Copy)]
pub struct Keyed {
    /// The name of the list.
    pub list: &'static str,
    /// The field that identifies a row.
    pub key: &'static str,
}

/// The field that differs in every state; it is no change.
const TIME: &str = "timestamp";

/// Returns the changes from `before` to `after`; `None` if there are none.
pub fn between(keys: &[Keyed], before: &Value, after: &Value) -> Option<Value> {
    let (Value::Object(before), Value::Object(after)) = (before, after) else { return None };
    let (mut changes, mut removed) = (Map::new(), Map::new());
    for (name, new) in after.iter().filter(|(name, _)| *name != TIME) {
        let old = before.get(name).unwrap_or(&Value::Null);
        if old == new {
            continue;
        }
        match (keys.iter().find(|keyed| keyed.list == name), old, new) {
            (Some(keyed), Value::Array(old), Value::Array(new)) => {
                let (changed, gone) = rows(keyed.key, old, new);
                if !changed.is_empty() {
                    changes.insert(name.clone(), changed.into());
                }
                if !gone.is_empty() {
                    removed.insert(name.clone(), gone.into());
                }
            }
            _ => {
                changes.insert(name.clone(), new.clone());
            }
        }
    }
    if !removed.is_empty() {
        changes.insert("removed".to_owned(), removed.into());
    }
    if changes.is_empty() {
        return None;
    }
    changes.insert(TIME.to_owned(), after.get(TIME).cloned().unwrap_or_default());
    Some(changes.into())
}

/// Returns the rows that are new or differ, and the keys of those that are gone.
fn rows(key: &str, old: &[Value], new: &[Value]) -> (Vec<Value>, Vec<Value>) {
    let known_by = |row: &Value| row.get(key).cloned().unwrap_or_default();
    let mut before: HashMap<Value, &Value> = old.iter().map(|row| (known_by(row), row)).collect();
    let is_changed = |row: &&Value| before.remove(&known_by(row)) != Some(*row);
    let changed = new.iter().filter(is_changed).cloned().collect();
    let mut gone: Vec<_> = before.into_keys().collect();
    gone.sort_by_key(|key| json!(key).to_string());
    (changed, gone)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: &[Keyed] = &[Keyed { list: "runners", key: "id" }];

    fn state(runners: &Value, paused: bool, time: i64) -> Value {
        json!({"runners": runners, "control": {"paused": paused}, "timestamp": time})
    }

    #[test]
    fn only_what_differs_is_sent() {
        let before = state(&json!([{"id": "a", "busy": false}, {"id": "b", "busy": false}]), false, 1);
        assert_eq!(between(KEYS, &before, &state(&before["runners"], false, 2)), None);
        let after = state(&json!([{"id": "c", "busy": false}, {"id": "b", "busy": true}]), false, 2);
        assert_eq!(
            between(KEYS, &before, &after),
            Some(json!({
                "runners": [{"id": "c", "busy": false}, {"id": "b", "busy": true}],
                "removed": {"runners": ["a"]}, "timestamp": 2,
            }))
        );
        let paused = state(&before["runners"], true, 3);
        assert_eq!(between(KEYS, &before, &paused), Some(json!({"control": {"paused": true}, "timestamp": 3})));
    }
}
