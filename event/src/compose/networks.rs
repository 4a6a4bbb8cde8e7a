//! Networks: an instance has one of its own.

use super::keys::{REFUSED, about};
use super::notes::{Notes, truth};
use crate::document::node::{Key, Node, Value};

/// Reads the networks of the file.
pub(super) fn top(node: Node, notes: &mut Notes) {
    let Value::Map(networks) = node.value else { return };
    for (key, network) in networks {
        let name = format!("networks.{}", key.name);
        let Value::Map(keys) = network.value else { continue };
        let get = |name: &str| keys.iter().find(|(key, _)| key.name == name);
        if let Some((key, external)) = get("external")
            && external.written().and_then(truth) != Some(false)
        {
            notes.refused(key.line, &name, "it would join others on the host; each instance has a network of its own");
        } else if let Some((key, _)) = get("driver").filter(|(_, driver)| driver.written() != Some("bridge")) {
            notes.refused(key.line, &name, "each instance has a network of its own, a bridge");
        } else if let Some((key, _)) = get("ipam") {
            notes.unsupported(key.line, &name, "addresses are given by the runner; use the names of the containers");
        } else {
            notes.ignored(key.line, &name, "all containers of an instance share one network, without a way out");
        }
    }
}

/// Reads the networks of a service: a list of names, or a mapping of names.
pub(super) fn of_service(node: Node, notes: &mut Notes) {
    let Value::Map(networks) = node.value else { return };
    for (_, network) in networks {
        let Value::Map(keys) = network.value else { continue };
        for (Key { name, line }, node) in keys {
            match name.as_str() {
                "aliases" => {
                    let aliases: Vec<_> = notes.texts("networks", node).into_iter().map(|(_, alias)| alias).collect();
                    let way = format!("name the service as others call it: {}", aliases.join(", "));
                    notes.unsupported(line, "networks.aliases", super::notes::quoted(&way));
                }
                "ipv4_address" | "ipv6_address" => {
                    let way = "addresses are given by the runner; use the names of the containers";
                    notes.unsupported(line, &format!("networks.{name}"), way);
                }
                _ => notes.ignored(line, &format!("networks.{name}"), "each instance has a network of its own"),
            }
        }
    }
}

/// Reads `network_mode`.
pub(super) fn mode(node: &Node, notes: &mut Notes) {
    match notes.text("network_mode", node).as_deref() {
        None | Some("bridge" | "default") => {}
        Some("none") => {
            notes.ignored(
                node.line,
                "network_mode",
                "it is reached by the other containers; nothing leaves an instance",
            );
        }
        Some(_) => notes.refused(node.line, "network_mode", about(REFUSED, "network_mode").unwrap_or_default()),
    }
}
