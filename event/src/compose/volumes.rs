//! Volumes: an instance has none. Files go into the image; folders in memory stay.

use super::limits::mebibytes;
use super::notes::{Notes, quoted, truth};
use crate::document::node::{Key, Node, Value};
use challengectl_common::instance::Tmpfs;

/// MiB of a folder in memory, unless the file gives its size.
const USUAL_MIB: u32 = 16;
const MAX_MIB: u32 = 1024;
const ENGINE: &str = "the engine is as good as root on the host";

/// Reads `tmpfs`: `PATH[:OPTIONS]`, or a list of them.
pub(super) fn tmpfs(node: Node, notes: &mut Notes) -> Vec<Tmpfs> {
    let texts = notes.texts("tmpfs", node);
    texts.into_iter().filter_map(|(line, text)| folder(line, &text, notes)).collect()
}

fn folder(line: u64, text: &str, notes: &mut Notes) -> Option<Tmpfs> {
    let (path, options) = text.split_once(':').unwrap_or((text, ""));
    let size = options.split(',').find_map(|option| mebibytes(option.strip_prefix("size=")?));
    in_memory(line, path, size, notes)
}

fn in_memory(line: u64, path: &str, size: Option<u32>, notes: &mut Notes) -> Option<Tmpfs> {
    if path.trim_end_matches('/') == "/tmp" {
        notes.ignored(line, "tmpfs", "/tmp is writable in any case");
        return None;
    }
    Some(Tmpfs { path: path.to_owned(), size_mib: size.unwrap_or(USUAL_MIB).clamp(1, MAX_MIB) })
}

/// Reads the volumes of a service. Returns those in memory.
pub(super) fn of_service(node: Node, notes: &mut Notes) -> Vec<Tmpfs> {
    let Value::List(items) = node.value else {
        notes.unsupported(node.line, "volumes", format!("must be a list, not {}", node.value));
        return Vec::new();
    };
    let mut folders = Vec::new();
    for item in items {
        let line = item.line;
        match item.value {
            Value::Map(keys) => folders.extend(long(line, &keys, notes)),
            value => {
                let Some(text) = notes.text("volumes", &Node { line, value }) else { continue };
                let (source, target) = text.split_once(':').unwrap_or(("", &text));
                let target = target.split(':').next().unwrap_or_default();
                mount(line, source, target, notes);
            }
        }
    }
    folders
}

fn long(line: u64, keys: &[(Key, Node)], notes: &mut Notes) -> Option<Tmpfs> {
    let mut get = |name: &str| {
        let node = keys.iter().find(|(key, _)| key.name == name).map(|(_, node)| node)?;
        notes.text("volumes", node)
    };
    let (kind, source, target) = (get("type"), get("source"), get("target"));
    let target = target.unwrap_or_default();
    if kind.as_deref() != Some("tmpfs") {
        mount(line, &source.unwrap_or_default(), &target, notes);
        return None;
    }
    let size = keys.iter().find(|(key, _)| key.name == "tmpfs").and_then(|(_, node)| node.field("size"));
    in_memory(line, &target, size.and_then(mebibytes), notes)
}

/// Reports a folder or a file that would be mounted.
fn mount(line: u64, source: &str, target: &str, notes: &mut Notes) {
    let (from, to) = (quoted(source), quoted(target));
    if source.contains("docker.sock") || source.contains("podman.sock") {
        notes.refused(line, "volumes", ENGINE);
    } else if source.starts_with(['/', '~', '\\']) || source.contains(":\\") {
        notes.refused(
            line,
            "volumes",
            format!("{from} is a place of the host; COPY what the challenge needs into the image"),
        );
    } else if source.starts_with('.') || source.contains('/') {
        notes.unsupported(line, "volumes", format!("put it into the image: `COPY {from} {to}`"));
    } else {
        notes.ignored(
            line,
            "volumes",
            format!("{to} begins with what the image has there, and ends with the instance"),
        );
    }
}

/// Reads the volumes of the file.
pub(super) fn top(node: Node, notes: &mut Notes) {
    let Value::Map(volumes) = node.value else { return };
    for (key, volume) in volumes {
        let is = |name: &str| matches!(&volume.value, Value::Map(keys) if keys.iter().any(|(key, _)| key.name == name));
        let name = format!("volumes.{}", key.name);
        if is("driver_opts") || is("driver") {
            notes.refused(key.line, &name, "a driver may mount a place of the host");
        } else if is("external") && volume.field("external").and_then(truth) != Some(false) {
            notes.refused(key.line, &name, "it is shared with others on the host");
        }
    }
}
