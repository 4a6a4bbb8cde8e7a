//! What a service may use: `mem_limit`, `cpus`, `pids_limit`, and `deploy`.

use super::notes::Notes;
use crate::document::node::{Node, Value};
use challengectl_common::instance::{Limits, MIN_MEMORY_MIB};

const MIB: f64 = 1_048_576.0;

/// The bounds that a service gives.
#[derive(Default)]
pub(super) struct Bounds {
    memory_mib: Option<u32>,
    cpus: Option<f64>,
    /// In microseconds of each `period`.
    quota: Option<f64>,
    period: Option<f64>,
    pids: Option<u32>,
}

impl Bounds {
    pub(super) fn takes(key: &str) -> bool {
        matches!(key, "mem_limit" | "cpus" | "pids_limit" | "cpu_quota" | "cpu_period")
    }

    pub(super) fn read(&mut self, key: &str, node: &Node, notes: &mut Notes) {
        match key {
            "mem_limit" => self.memory_mib = notes.parsed(key, node, mebibytes, SIZE),
            "cpus" => self.cpus = notes.parsed(key, node, positive, NUMBER),
            "cpu_quota" => self.quota = notes.parsed(key, node, positive, NUMBER),
            "cpu_period" => self.period = notes.parsed(key, node, positive, NUMBER),
            "pids_limit" if node.written() == Some("-1") => notes.ignored(node.line, key, "there is always a limit"),
            _ => self.pids = notes.parsed(key, node, |text| text.parse().ok(), NUMBER),
        }
    }

    /// Returns the limits, with the usual ones where the service gives none.
    pub(super) fn limits(&self) -> Limits {
        let usual = Limits::default();
        let share = self.quota.map(|quota| quota / self.period.unwrap_or(100_000.0));
        Limits {
            memory_mib: self.memory_mib.unwrap_or(usual.memory_mib).max(MIN_MEMORY_MIB),
            cpus: self.cpus.or(share).unwrap_or(usual.cpus),
            pids: self.pids.unwrap_or(usual.pids),
        }
    }
}

const SIZE: &str = "a size such as 256m";
const NUMBER: &str = "a number above 0";

/// Reads what `deploy` says about one container.
pub(super) fn deploy(node: Node, bounds: &mut Bounds, notes: &mut Notes) {
    let Value::Map(keys) = node.value else { return };
    notes.under("deploy", |notes| {
        for (key, node) in keys {
            match (key.name.as_str(), node.value) {
                ("resources", Value::Map(keys)) => {
                    notes.under("resources", |notes| {
                        for (key, node) in keys {
                            resources(&key.name, node, bounds, notes);
                        }
                    });
                }
                ("replicas", _) => notes.ignored(key.line, "replicas", "an instance has each container once"),
                (name, _) => notes.ignored(key.line, name, "it is for swarms"),
            }
        }
    });
}

fn resources(name: &str, node: Node, bounds: &mut Bounds, notes: &mut Notes) {
    let Value::Map(keys) = node.value else { return };
    notes.under(name, |notes| {
        for (key, node) in keys {
            match (name, key.name.as_str()) {
                (_, "devices") => notes.refused(key.line, "devices", "it reaches the host"),
                ("limits", "memory") => bounds.memory_mib = notes.parsed("memory", &node, mebibytes, SIZE),
                ("limits", "cpus") => bounds.cpus = notes.parsed("cpus", &node, positive, NUMBER),
                ("limits", "pids") => bounds.pids = notes.parsed("pids", &node, |text| text.parse().ok(), NUMBER),
                (_, name) => notes.ignored(key.line, name, "only limits count"),
            }
        }
    });
}

fn positive(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite() && *number > 0.0)
}

/// Reads a size such as `512m`, `1.5gb` or `67108864`, and rounds it up to whole MiB.
pub(super) fn mebibytes(text: &str) -> Option<u32> {
    let text = text.to_ascii_lowercase();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = match unit.trim() {
        "" | "b" => 1.0,
        "k" | "kb" | "kib" => 1024.0,
        "m" | "mb" | "mib" => MIB,
        "g" | "gb" | "gib" => MIB * 1024.0,
        _ => return None,
    };
    let size = (positive(number)? * factor / MIB).ceil();
    (size <= f64::from(u32::MAX)).then_some(size as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded_up_to_mebibytes() {
        let sizes = [("512m", 512), ("1.5gb", 1536), ("67108864", 64), ("1k", 1), ("2GiB", 2048), ("100MB", 100)];
        for (text, size) in sizes {
            assert_eq!(mebibytes(text), Some(size), "{text}");
        }
        for text in ["", "m", "-1", "1t", "x", "0", "1e3", "99999999999g"] {
            assert_eq!(mebibytes(text), None, "{text}");
        }
    }
}
