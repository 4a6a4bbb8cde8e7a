//! The program as the sandbox of a process, which the agent starts by the hidden words of the command line.

use crate::engine::process::sandbox;
use std::process::ExitCode;

/// The word that starts the first stage.
pub const LAUNCH: &str = sandbox::LAUNCH;
/// The word that starts the second stage.
pub const INIT: &str = sandbox::INIT;

/// Runs the first stage.
#[must_use]
pub fn launch_main() -> ExitCode {
    sandbox::launch_main()
}

/// Runs the second stage.
#[must_use]
pub fn init_main() -> ExitCode {
    sandbox::init_main()
}
