//! A challenge that is the keys of a form, and `kind`.

use super::card;
use super::fit::Check;
use crate::Entry;
use crate::card::Card;
use crate::document::fields::unknown_key;
use crate::document::node::{Node, Value};
use crate::document::typed::typed;
use crate::report::{Reported, Scope};
use serde::de::DeserializeOwned;

/// Reads a challenge of these keys and those of a card, of which those that are required have to be there. `check` checks what types do not; its
/// reason begins with the key.
pub(super) fn read<F: DeserializeOwned>(
    node: Node,
    known: &[(&'static str, Check)],
    required: &[&str],
    check: impl Fn(&F) -> Result<(), String>,
    scope: &mut Scope<'_>,
) -> Result<Entry<F>, Reported> {
    let line = node.line;
    let Value::Map(mut keys) = node.value else {
        return Err(scope.problem(line, "a challenge must be `key: value` lines"));
    };
    keys.retain(|(key, node)| key.name != "kind" && !matches!(node.value, Value::Null));
    let known = || known.iter().chain(&card::KEYS);
    let names: Vec<&str> = known().map(|(name, _)| *name).collect();
    for (key, node) in &keys {
        match known().find(|(known, _)| *known == key.name) {
            Some((name, fits)) => {
                let _ = fits(node).map_err(|(line, why)| scope.problem(line, format!("`{name}`: {why}")));
            }
            None => _ = scope.problem(key.line, unknown_key(&key.name, &names)),
        }
    }
    for required in required {
        if !keys.iter().any(|(key, _)| key.name == *required) {
            scope.problem(line, format!("`{required}` is missing"));
        }
    }
    scope.verdict()?;
    let says_enabled = keys.iter().any(|(key, _)| key.name == "enabled");
    let lines: Vec<_> = keys.iter().map(|(key, _)| (key.name.clone(), key.line)).collect();
    let (of_form, of_card) = card::split(keys);
    let [of_form, of_card] = [of_form, of_card].map(|keys| Node { line, value: Value::Map(keys) });
    let form = typed::<F>(&of_form).map_err(|(line, why)| scope.problem(line, why))?;
    let card = typed::<Card>(&of_card).map_err(|(line, why)| scope.problem(line, why))?;
    check(&form).and_then(|()| card.check()).map_err(|why| {
        let key = why.split(':').next().unwrap_or_default();
        let at = lines.iter().find(|(name, _)| name == key).map_or(line, |(_, at)| *at);
        scope.problem(at, why)
    })?;
    Ok(Entry { form, card, files: None, says_enabled, line })
}
