//! The machine that the runner runs on: its name and its ids.

use challengectl_common::Digest;

/// Where systemd and D-Bus keep the id of a machine.
const MACHINE_IDS: [&str; 2] = ["/etc/machine-id", "/var/lib/dbus/machine-id"];

/// Prefix of the id in the hash. The id itself must not leave the machine (machine-id(5)), since other programs
/// identify the machine by it.
const PURPOSE: &str = "challengectl-runner host binding, 1: ";

/// Returns the hostname, for people.
pub(crate) fn name() -> Option<String> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    Some(name.trim().to_owned())
}

/// Returns a digest of the machine's id; `None` if the machine has no id.
pub(crate) fn id() -> Option<Digest> {
    MACHINE_IDS.iter().find_map(|file| digest(&std::fs::read_to_string(file).ok()?))
}

/// Returns the boot id of the kernel, which changes with each start of the machine.
pub(crate) fn boot_id() -> Option<String> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(format!("boot {}", id.trim()))
}

/// Hashes an id; `None` if there is none. An image that was never started has an empty one, or `uninitialized`.
fn digest(id: &str) -> Option<Digest> {
    let id = id.trim().to_ascii_lowercase();
    let is_id =
        id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) && id.bytes().any(|byte| byte != b'0');
    is_id.then(|| Digest::of(format!("{PURPOSE}{id}").as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_identified_by_a_digest_and_one_without_an_id_is_not() {
        let id = "3d1219c7c4c5404aaa1f6d2a48adfda4";
        let known = digest(&format!("{id}\n")).unwrap();
        assert_ne!(known, Digest::of(id.as_bytes()));
        assert_eq!(digest(&id.to_uppercase()), Some(known));
        assert_ne!(digest("4d1219c7c4c5404aaa1f6d2a48adfda4"), Some(known));
        for text in ["", "uninitialized\n", "3d1219c7", &"0".repeat(32)] {
            assert_eq!(digest(text), None, "{text}");
        }
    }
}
