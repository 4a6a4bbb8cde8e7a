//! The ChallengeCtl runner: the agent on a host with radios.
//!
//! [`agent`] communicates with the server and never handles samples. Each transmission runs in a child process
//! ([`transmit`], supervised by [`process`]), and only that opens a [`radio`]: a driver that hangs or crashes does not
//! affect the agent.
//!
//! Calls go downwards in this order: [`cli`], [`agent`], [`cache`], [`transmit`] and [`engine`], [`api`], [`config`], [`radio`],
//! [`process`] and [`machine`].

mod agent;
mod api;
mod cache;
pub mod cli;
pub mod config;
mod engine;
mod machine;
pub mod process;
pub mod radio;
pub mod transmit;

/// The program as the sandbox of a process, which the agent starts by the hidden words of the command line.
pub mod sandbox {
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
}
