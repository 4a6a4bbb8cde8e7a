//! `challengectl-runner`: see `--help`.

use challengectl_runner::{cli, sandbox, transmit};
use std::process::ExitCode;

fn main() -> ExitCode {
    // First, since every millisecond here delays the first sample after a trigger.
    match std::env::args_os().nth(1) {
        Some(word) if word == transmit::SUBCOMMAND => transmit::child::main(),
        Some(word) if word == transmit::errand::SUBCOMMAND => transmit::errand::main(),
        // With one thread: the kernel lets a process leave its namespaces only then.
        Some(word) if word == sandbox::LAUNCH => sandbox::launch_main(),
        Some(word) if word == sandbox::INIT => sandbox::init_main(),
        _ => cli::main(),
    }
}
