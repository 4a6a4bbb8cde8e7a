//! One service.

use super::keys::{IGNORED, REFUSED, SUPPORTED, UNSUPPORTED, about};
use super::notes::{Notes, quoted, truth};
use super::{Service, build, depends, environment, health, limits, networks, ports, volumes, words};
use crate::document::node::{Key, Node, Value};
use crate::instance::Slug;
use challengectl_common::closest;
use challengectl_common::instance::{Capability, ContainerName, ContainerSpec};

/// Reads a service; `None` if there can be no container for it.
pub(super) fn read(key: Key, node: Node, slug: &Slug, notes: &mut Notes) -> Option<Service> {
    notes.under("services", |notes| {
        let Value::Map(keys) = node.value else {
            notes.unsupported(key.line, &key.name, format!("must be `key: value` lines, not {}", node.value));
            return None;
        };
        let name = container_name(&key, notes)?;
        notes.under(&key.name.clone(), |notes| service(key, name, keys, slug, notes))
    })
}

fn container_name(key: &Key, notes: &mut Notes) -> Option<ContainerName> {
    let host: String =
        key.name.to_ascii_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let name = ContainerName::try_from(host.trim_matches('-').to_owned());
    match name {
        Ok(name) => {
            if name.as_str() != key.name {
                notes.note(key.line, &key.name, format!("other containers reach it as {:?}", name.as_str()));
            }
            Some(name)
        }
        Err(why) => {
            notes.unsupported(key.line, &key.name, why.to_string());
            None
        }
    }
}

fn service(key: Key, name: ContainerName, keys: Vec<(Key, Node)>, slug: &Slug, notes: &mut Notes) -> Option<Service> {
    if keys.iter().any(|(key, node)| key.name == "profiles" && !node.is_empty_list()) {
        notes.ignored(key.line, "profiles", "it is started with a profile only, so that there is no container for it");
        return None;
    }
    let mut service = Service { name: key.name, line: key.line, container: container(name), after: Vec::new() };
    let (mut image, mut built) = (None, None);
    let mut bounds = limits::Bounds::default();
    for (key, node) in keys {
        match key.name.as_str() {
            "image" => image = notes.text("image", &node).filter(|image| !image.is_empty()),
            "build" => built = Some((key.line, node)),
            "healthcheck" => service.container.health = health::read(node, notes),
            "depends_on" => service.after = depends::read(node, notes),
            "deploy" => limits::deploy(node, &mut bounds, notes),
            name if limits::Bounds::takes(name) => bounds.read(name, &node, notes),
            _ => part(&key, node, &mut service.container, notes),
        }
    }
    service.container.limits = bounds.limits();
    service.container.image = build::image(service.line, image, built, slug, &service.container.name, notes)?;
    // A folder in memory that Compose lists twice, as by `tmpfs` and by `volumes`.
    let mut paths = std::collections::BTreeSet::new();
    service.container.tmpfs.retain(|it| paths.insert(it.path.clone()));
    Some(service)
}

fn container(name: ContainerName) -> ContainerSpec {
    ContainerSpec {
        name,
        image: String::new(),
        entrypoint: Vec::new(),
        command: Vec::new(),
        working_dir: None,
        user: None,
        environment: Default::default(),
        secrets: Default::default(),
        ports: Vec::new(),
        limits: Default::default(),
        capabilities: Default::default(),
        privilege_escalation: false,
        read_only: false,
        tmpfs: Vec::new(),
        health: None,
    }
}

fn part(key: &Key, node: Node, container: &mut ContainerSpec, notes: &mut Notes) {
    match key.name.as_str() {
        _ if matches!(node.value, Value::Null) => {}
        "ports" => container.ports = ports::read(node, notes),
        "environment" => container.environment = environment::read(node, notes),
        "command" => container.command = words::read("command", node, notes),
        "entrypoint" => container.entrypoint = words::read("entrypoint", node, notes),
        "working_dir" => container.working_dir = notes.text("working_dir", &node),
        "user" => container.user = notes.text("user", &node),
        "read_only" => {
            container.read_only = notes.parsed("read_only", &node, truth, "true or false").unwrap_or(false);
        }
        "tmpfs" => container.tmpfs.extend(volumes::tmpfs(node, notes)),
        "volumes" => container.tmpfs.extend(volumes::of_service(node, notes)),
        "cap_add" => capabilities(node, container, notes),
        "privileged" if node.written().and_then(truth) == Some(false) => {}
        "network_mode" => networks::mode(&node, notes),
        "networks" => networks::of_service(node, notes),
        "security_opt" => security(node, notes),
        "env_file" => environment::files(node, notes),
        name => not_taken(key.line, name, notes),
    }
}

/// Reports a key that is not taken over.
fn not_taken(line: u64, name: &str, notes: &mut Notes) {
    if let Some(why) = about(REFUSED, name) {
        notes.refused(line, name, why);
    } else if let Some(why) = about(UNSUPPORTED, name) {
        notes.unsupported(line, name, why);
    } else if let Some(why) = about(IGNORED, name) {
        notes.ignored(line, name, why);
    } else if !name.starts_with("x-") {
        let known =
            SUPPORTED.iter().copied().chain([IGNORED, REFUSED, UNSUPPORTED].concat().into_iter().map(|it| it.0));
        let meant = closest(name, known).map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
        notes.unsupported(line, name, format!("this key is unknown{meant}"));
    }
}

fn capabilities(node: Node, container: &mut ContainerSpec, notes: &mut Notes) {
    for (line, name) in notes.texts("cap_add", node) {
        let short = name.to_ascii_uppercase();
        let short = short.strip_prefix("CAP_").unwrap_or(&short).to_owned();
        match serde_json::from_value::<Capability>(short.into()) {
            Ok(capability) => _ = container.capabilities.insert(capability),
            Err(_) => notes.refused(line, "cap_add", format!("{:?} reaches beyond the container", quoted(&name))),
        }
    }
}

fn security(node: Node, notes: &mut Notes) {
    for (line, option) in notes.texts("security_opt", node) {
        let (name, value) = option.split_once([':', '=']).unwrap_or((&option, "true"));
        if name == "no-new-privileges" && value == "true" {
            notes.ignored(line, "security_opt", "it holds in any case");
        } else {
            let why = about(REFUSED, "security_opt").unwrap_or_default();
            notes.refused(line, "security_opt", format!("{:?}: {why}", quoted(&option)));
        }
    }
}
