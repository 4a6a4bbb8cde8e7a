//! The message of `make demo` on a machine that lacks packages.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::{Command, Output};
use tempfile::TempDir;

/// Simulates a machine with only these programs, each of which prints its text.
fn on_a_machine_with(programs: &[(&str, &str)]) -> Output {
    let path = TempDir::new().unwrap();
    symlink("/bin/bash", path.path().join("bash")).unwrap();
    for (name, text) in programs {
        let program = path.path().join(name);
        std::fs::write(&program, format!("#!/bin/bash\necho '{text}'\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/prerequisites.sh");
    Command::new("/bin/bash").arg(script).env("PATH", path.path()).output().unwrap()
}

#[test]
fn missing_packages_are_named_with_the_command_that_installs_them() {
    for (programs, said) in [
        (
            &[][..],
            "Missing: git, a C compiler, Rust 1.95 or newer. To install:\n  sudo apt-get install -y git build-essential curl \
             && curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y && . \"$HOME/.cargo/env\"\n",
        ),
        (
            &[("git", ""), ("cargo", "cargo 1.96.0 (abc)"), ("dnf", "")],
            "Missing: a C compiler. To install:\n  sudo dnf install -y gcc\n",
        ),
        (
            &[("git", ""), ("cc", ""), ("cargo", "cargo 1.85.0 (abc)"), ("rustup", "")],
            "Missing: Rust 1.95 or newer (this is 1.85.0 (abc)). To install:\n  rustup update stable\n",
        ),
    ] {
        let output = on_a_machine_with(programs);
        assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(1), said));
    }
    let complete = on_a_machine_with(&[("git", ""), ("cc", ""), ("cargo", "cargo 1.95.0 (abc)")]);
    assert!(complete.status.success() && complete.stderr.is_empty());
}
