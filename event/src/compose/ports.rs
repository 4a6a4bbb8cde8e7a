//! Ports: of the long form, or `[[HOST:]PORT:]CONTAINER[/PROTOCOL]`. Only the container's counts, since the port of the
//! host is another one for each instance.

use super::interpolate::interpolate;
use super::notes::{Notes, quoted};
use crate::document::node::{Key, Node, Value};
use challengectl_common::instance::{MAX_PORTS, Port, PortSpec, Transport};

/// Ports that a web page usually has.
const WEB: [u16; 4] = [80, 3000, 8000, 8080];

pub(super) fn read(node: Node, notes: &mut Notes) -> Vec<PortSpec> {
    let Value::List(items) = node.value else {
        notes.unsupported(node.line, "ports", format!("must be a list, not {}", node.value));
        return Vec::new();
    };
    let mut ports: Vec<PortSpec> = Vec::new();
    for item in items {
        let line = item.line;
        for (port, is_http) in one(item, notes) {
            if ports.iter().any(|known| known.port == port) {
                continue;
            }
            let is_taken_for_web = port.transport == Transport::Tcp && WEB.contains(&port.number.get());
            if is_http.is_none() && is_taken_for_web {
                let number = port.number;
                let way = format!("taken for a web page, \"{number}/http\"; make it \"{port}\" if it is none");
                notes.note(line, "ports", way);
            }
            ports.push(PortSpec { name: None, port, is_http: is_http.unwrap_or(is_taken_for_web) });
        }
    }
    ports
}

/// Returns the ports of an entry, with whether browsers open them if it says so.
fn one(node: Node, notes: &mut Notes) -> Vec<(Port, Option<bool>)> {
    let line = node.line;
    if let Value::Map(keys) = node.value {
        return long(line, &keys, notes).into_iter().collect();
    }
    // Variables without a value may be in the part of the host, which does not count.
    let Some((text, unset)) = node.written().map(interpolate) else {
        notes.unsupported(line, "ports", format!("must be a port, not {}", node.value));
        return Vec::new();
    };
    match short(&text) {
        Some(ports) => ports.into_iter().map(|port| (port, None)).collect(),
        None => {
            let hint = unset.first().map(|name| format!("; `{}` has no value", quoted(name))).unwrap_or_default();
            notes.unsupported(line, "ports", format!("{:?} is not a port such as \"8080:80\"{hint}", quoted(&text)));
            Vec::new()
        }
    }
}

fn short(text: &str) -> Option<Vec<Port>> {
    let (text, transport) = text.trim().split_once('/').unwrap_or((text.trim(), "tcp"));
    // An address of IPv6 is in brackets, and before the last colon.
    let container = text.rsplit(':').next()?;
    let (first, last) = container.split_once('-').unwrap_or((container, container));
    let (first, last): (u16, u16) = (first.parse().ok()?, last.parse().ok()?);
    if last < first || usize::from(last - first) >= MAX_PORTS {
        return None;
    }
    (first..=last).map(|number| format!("{number}/{transport}").parse().ok()).collect()
}

fn long(line: u64, keys: &[(Key, Node)], notes: &mut Notes) -> Option<(Port, Option<bool>)> {
    let get = |name: &str| keys.iter().find(|(key, _)| key.name == name).map(|(_, node)| node);
    let Some(target) = get("target") else {
        notes.unsupported(line, "ports", "`target`, the port of the container, is missing");
        return None;
    };
    let number = notes.text("ports.target", target)?;
    let transport = get("protocol").and_then(|node| notes.text("ports.protocol", node));
    let transport = transport.unwrap_or_else(|| "tcp".to_owned());
    let port = format!("{}/{transport}", number.trim()).parse();
    let protocol = get("app_protocol").and_then(|node| notes.text("ports.app_protocol", node));
    match port {
        Ok(port) => Some((port, protocol.map(|protocol| protocol == "http"))),
        Err(why) => {
            notes.unsupported(line, "ports", why.to_string());
            None
        }
    }
}
