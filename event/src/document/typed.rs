//! Parts of a document as types of Rust.

use super::node::{Node, Value};
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

/// Returns a part of a document as a type; else the line of what does not fit, and the reason with its place.
pub(crate) fn typed<T: DeserializeOwned>(node: &Node) -> Result<T, (u64, String)> {
    serde_path_to_error::deserialize(node.to_json()).map_err(|error| {
        let (line, place) = (line_of(node, error.path()), error.path().to_string());
        let reason = error.into_inner();
        (line, if matches!(place.as_str(), "." | "?") { reason.to_string() } else { format!("{place}: {reason}") })
    })
}

/// Returns the line of the innermost value on a path.
fn line_of(root: &Node, path: &Path) -> u64 {
    let (mut node, mut line) = (root, root.line);
    for segment in path {
        let next = match (segment, &node.value) {
            (Segment::Seq { index }, Value::List(items)) => items.get(*index).map(|item| (item.line, item)),
            (Segment::Map { key }, Value::Map(entries)) => {
                entries.iter().find(|(found, _)| found.name == *key).map(|(key, node)| (key.line, node))
            }
            _ => None,
        };
        let Some(found) = next else { break };
        (line, node) = found;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::node;
    use challengectl_common::instance::InstanceSpec;

    #[test]
    fn what_does_not_fit_has_its_line_and_its_place() {
        let text = "containers:\n  - image: a\n    limits:\n      memory_mib: 64\n      cpus: many\n";
        let (line, why) = typed::<InstanceSpec>(&node::parse(text).unwrap()).unwrap_err();
        assert_eq!(line, 5);
        assert!(why.starts_with("containers[0].limits.cpus: invalid type: string"), "{why}");
        let text = "containers:\n  - image: a\n    colour: red\n";
        let (line, why) = typed::<InstanceSpec>(&node::parse(text).unwrap()).unwrap_err();
        assert!(line == 3 && why.contains("unknown field `colour`"), "{line}: {why}");
        assert!(typed::<InstanceSpec>(&node::parse("containers: [{image: a, ports: [80/http]}]").unwrap()).is_ok());
    }
}
