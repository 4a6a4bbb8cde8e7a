//! The command line.

mod air;
mod detect;
mod devices;
mod enroll;
mod output;
mod record;
mod run;
mod service;
mod transmit;
mod view;

use crate::config::{Config, DEFAULT_FILE};
use challengectl_host::manuals;
use clap::{CommandFactory, Parser, Subcommand};
use output::Output;
use std::path::PathBuf;
use std::process::ExitCode;

/// The ChallengeCtl runner: puts challenges on air with the radios of this host
#[derive(Debug, Parser)]
#[command(name = "challengectl-runner", version, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// The configuration file; by default ./runner.yml, if it exists
    #[arg(long, global = true, value_name = "FILE", env = "CHALLENGECTL_CONFIG")]
    config: Option<PathBuf>,
    /// Print JSON for programs, one value per line
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run: carry out the assignments of the server, until stopped
    ///
    /// A runner that is not enrolled first enrolls itself, with `server` and `enrollment_token` of the configuration.
    Run(run::Arguments),
    /// Enroll this host: exchange an enrollment token for a runner key
    Enroll(enroll::Arguments),
    /// List the radios that are configured, and what is plugged in, with what it can do and what keeps it from working
    Devices,
    /// Write man pages and shell completions into a folder, for packages
    #[command(name = "__manuals", hide = true)]
    Manuals { folder: PathBuf },
    /// Put challenges of an event file on air once, without a server
    Transmit(transmit::Arguments),
    /// Serve the virtual air alone, for radios of this host and of others, until stopped
    Air,
    /// Record the air of this host: what a receiver of complex floats hears
    Record(record::Arguments),
}

/// Runs the command of the command line.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let output = Output { json: arguments.json };
    match execute(&arguments, output) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn execute(arguments: &Arguments, output: Output) -> anyhow::Result<ExitCode> {
    let mut config = Config::load(arguments.config.as_deref())?;
    if config.autodetect && matches!(arguments.command, Command::Run(_) | Command::Transmit(_)) {
        for line in runtime()?.block_on(detect::add(&mut config))? {
            eprintln!("{line}");
        }
    }
    match &arguments.command {
        Command::Manuals { folder } => {
            manuals::write(Arguments::command(), folder)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Run(run) => run::execute(run, config, output),
        Command::Enroll(enroll) => enroll::execute(enroll, &config, output),
        Command::Devices => {
            devices::execute(&config, output, arguments.config.as_deref().unwrap_or(DEFAULT_FILE.as_ref()))
        }
        Command::Transmit(transmit) => transmit::execute(transmit, &config, output),
        Command::Air => air::execute(&config, output),
        Command::Record(record) => record::execute(record, &config, output),
    }
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    // Two threads are enough, since samples are made in other processes.
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}
