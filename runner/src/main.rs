//! `challengectl-runner`: see `--help`.

use challengectl_runner::{cli, transmit};
use std::process::ExitCode;

fn main() -> ExitCode {
    // First, since every millisecond here delays the first sample after a trigger.
    if std::env::args_os().nth(1).is_some_and(|word| word == transmit::SUBCOMMAND) {
        return transmit::child::main();
    }
    cli::main()
}
