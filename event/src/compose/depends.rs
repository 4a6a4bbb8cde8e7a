//! The order in which containers are started.

use super::Service;
use super::notes::{Notes, quoted};
use crate::document::node::{Node, Value};
use challengectl_common::instance::ContainerSpec;
use std::collections::BTreeSet;

/// Reads `depends_on`: a list of services, or a mapping of them.
pub(super) fn read(node: Node, notes: &mut Notes) -> Vec<(u64, String)> {
    let Value::Map(services) = node.value else { return notes.texts("depends_on", node) };
    let mut after = Vec::new();
    for (key, node) in services {
        if node.field("condition") == Some("service_completed_successfully") {
            let way = "a container that ends fails its instance; do its work in the container that needs it";
            notes.unsupported(key.line, "depends_on", way);
        }
        after.push((key.line, key.name));
    }
    after
}

/// Returns the containers, each after those that it needs; else in the order of the file.
pub(super) fn in_order(services: Vec<Service>, notes: &mut Notes) -> Vec<ContainerSpec> {
    let names: BTreeSet<String> = services.iter().map(|service| service.name.clone()).collect();
    for service in &services {
        for (line, other) in service.after.iter().filter(|(_, other)| !names.contains(other)) {
            let key = format!("services.{}.depends_on", service.name);
            notes.unsupported(*line, &key, format!("there is no container {:?}", quoted(other)));
        }
    }
    let (mut waiting, mut started, mut ordered) = (services, BTreeSet::new(), Vec::new());
    while !waiting.is_empty() {
        let is_ready = |service: &Service| {
            service.after.iter().all(|(_, other)| started.contains(other) || !names.contains(other))
        };
        let place = waiting.iter().position(is_ready).unwrap_or_else(|| {
            let key = format!("services.{}.depends_on", waiting.first().map_or("", |service| &service.name));
            let line = waiting.first().map_or(0, |service| service.line);
            notes.unsupported(line, &key, "services wait for each other; start one of them first");
            0
        });
        let next = waiting.remove(place);
        started.insert(next.name);
        ordered.push(next.container);
    }
    ordered
}
