//! Which host this is.

use challengectl_common::Digest;

/// Where systemd and D-Bus keep what tells a machine from all others.
const MACHINE_IDS: [&str; 2] = ["/etc/machine-id", "/var/lib/dbus/machine-id"];

/// Put before it, so that nobody can tell from the digest what other programs know this machine by: the id itself is
/// not to leave the machine, see machine-id(5).
const PURPOSE: &str = "challengectl-runner host binding, 1: ";

/// The host's name, for people.
pub(super) fn name() -> Option<String> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    Some(name.trim().to_owned())
}

/// What tells this machine from all others, if anything does.
pub(super) fn machine() -> Option<Digest> {
    MACHINE_IDS.iter().find_map(|file| digest(&std::fs::read_to_string(file).ok()?))
}

/// What tells the running kernel from all others; it changes with each start of the machine.
pub(super) fn boot() -> Option<String> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(format!("boot {}", id.trim()))
}

/// An image that has not been started yet has no id, or the word `uninitialized`.
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
    fn a_machine_is_known_by_a_digest_and_one_without_an_id_not_at_all() {
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
