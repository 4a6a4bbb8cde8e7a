//! Commands and their options.

mod archive_target;
mod backup;
mod check;
mod console;
mod deployer;
mod enroll;
mod export;
mod import;
mod import_folder;
mod plan;
mod serve;
mod user;

use challengectl_common::RunnerId;
use challengectl_coordinator::TokenLife;
use challengectl_host::manuals;
use challengectl_server::{Config, http};
use clap::{CommandFactory, Parser, Subcommand};
use deployer::DeployerCommand;
use import::ImportArguments;
use plan::PlanArguments;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use user::UserCommand;

const DEFAULT_CONFIG: &str = "server.yml";

/// The ChallengeCtl server: stores the challenges of an event, schedules them, and assigns them to runners
#[derive(Parser)]
#[command(name = "challengectl-server", version, arg_required_else_help = true)]
struct Arguments {
    /// Settings file [default: ./server.yml if it exists, else built-in defaults]
    ///
    /// Every setting can also come from the environment: `CHALLENGECTL_LISTEN` overrides `listen`, and so on.
    #[arg(long, global = true, value_name = "FILE", env = "CHALLENGECTL_CONFIG")]
    config: Option<PathBuf>,

    /// Override a setting, such as `listen=127.0.0.1:9000` or `tls.self_signed=true`
    ///
    /// Overrides the environment, which overrides the settings file. Lists are separated by commas. Can be repeated.
    #[arg(long, global = true, value_name = "NAME=VALUE", value_parser = assignment)]
    set: Vec<(String, String)>,

    /// Print JSON, for programs
    #[arg(long, global = true)]
    json: bool,

    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server until it is interrupted or terminated
    ///
    /// Prints `listening on http://ADDRESS`, or `https://` with TLS, when it is ready. Logs go to standard error.
    Serve,

    /// Check that the settings are valid and every stored challenge can go on air
    ///
    /// Builds every waveform and reads every file. Prints the problems, and exits with status 1 if there are any. Warns
    /// if the conference is over, or its hours keep everything off the air.
    Check,

    /// Show where and how often every challenge will be on air
    ///
    /// Runs the schedule of the server on a simulated clock: how often each challenge goes on air, how long it waits and for
    /// what, how busy each radio is, and which challenges can never go, and why. Changes nothing.
    Plan(PlanArguments),

    /// Import an event's challenges: all or none, unless `--keep-going` is given
    ///
    /// Reads challenges.yml, an older server-config.yml, a legacy flags CSV with its frequencies.txt, or an archive of
    /// `export`: a tar file with a challenges.yml and the files that it names. Challenges are added, or updated by
    /// name; those that are not in the file stay as they are. Of a folder, reads every challenge.yml of ctfcli in it,
    /// with the Compose file beside it, as a challenge of kind instance. A server may be running: new challenges are due at once,
    /// and a changed one that is on air is cut and sent again.
    Import(ImportArguments),

    /// Write the whole event, with flags and files, to one archive that `import` reads
    ///
    /// The archive is a tar file, readable only by its owner (0600). Runners, history and accounts are not in it: see `backup`.
    Export {
        /// Output file; `-` is standard output, which must not be a terminal [default: -]
        file: Option<PathBuf>,
        /// Write a folder for each challenge instead, with a challenge.yml for ctfcli and CTFd
        ///
        /// Flags of instances cannot be in CTFd; `import` of the folder reads them.
        #[arg(long, value_name = "DIR", conflicts_with = "file")]
        ctfcli: Option<PathBuf>,
    },

    /// Write all data of the server to one archive, even while it runs
    ///
    /// The archive is a tar file, readable only by its owner (0600), since it contains flags and the keys of the
    /// server. Exits with status 1 if a challenge's file is missing or damaged; the archive then contains all others.
    Backup {
        /// Output file; replaced only when the new archive is complete. `-` is standard output
        file: PathBuf,
    },

    /// Replace the data directory with a backup, atomically
    ///
    /// Checks every file against its digest first. Refuses while a server runs, if a database exists, and if the backup
    /// is incomplete. If killed at any point, it leaves either the old data or the new. An existing certificate that
    /// the server has created (tls.crt, tls.key) is kept, since runners trust it.
    Restore {
        /// An archive of `backup`
        file: PathBuf,
        /// Replace an existing database; it is set aside, not deleted
        #[arg(long)]
        force: bool,
    },

    /// Print the description of the HTTP API, an OpenAPI document in JSON
    ///
    /// A running server serves it at `/api/openapi.json`, those of the other fronts at `/docs/docker.json` and
    /// `/docs/engine.json`, and all as a page at `/docs`.
    Openapi {
        /// The API.
        #[arg(value_enum, default_value_t)]
        front: Front,
    },

    /// Write man pages and shell completions into a folder, for packages
    #[command(name = "__manuals", hide = true)]
    Manuals { folder: PathBuf },

    #[command(flatten)]
    Console(console::ConsoleCommand),

    /// Manage runners
    #[command(subcommand)]
    Runner(RunnerCommand),

    /// Manage accounts, even while the server runs
    #[command(subcommand)]
    User(UserCommand),

    /// Manage those who deploy challenges for teams, even while the server runs
    #[command(subcommand)]
    Deployer(DeployerCommand),
}

/// An API that has a description.
#[derive(Clone, Copy, Default, clap::ValueEnum)]
enum Front {
    #[default]
    Control,
    Docker,
    Engine,
    Pacstar,
    Sessions,
}

#[derive(Subcommand)]
enum RunnerCommand {
    /// Print a one-time token with which a host becomes this runner
    ///
    /// Only the token goes to standard output. An enrolled runner keeps working until the token is used, which revokes
    /// its old key.
    Enroll {
        /// The runner's id: letters, digits, '.', '_' and '-'
        name: RunnerId,
        /// Hours for which the token is valid, at most 720 [default: 24]
        #[arg(long, value_name = "HOURS")]
        expires_hours: Option<TokenLife>,
    },
}

/// Runs the command of the command line.
pub fn run() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let config = Config::load(config_file(arguments.config).as_deref(), variables(), &arguments.set)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match arguments.command {
        Command::Serve => runtime.block_on(serve::serve(&config)),
        Command::Check => runtime.block_on(check::check(&config, arguments.json)),
        Command::Plan(plan_arguments) => runtime.block_on(plan::plan(&config, &plan_arguments, arguments.json)),
        Command::Import(import) if import.file.is_dir() => {
            runtime.block_on(import_folder::import_folder(&config, &import, arguments.json))
        }
        Command::Import(import) => runtime.block_on(import::import(&config, &import, arguments.json)),
        Command::Export { ctfcli: Some(folder), .. } => {
            runtime.block_on(export::export_folder(&config, &folder, arguments.json))
        }
        Command::Export { file, .. } => runtime.block_on(export::export(&config, file.as_deref(), arguments.json)),
        Command::Backup { file } => runtime.block_on(backup::backup(&config, &file, arguments.json)),
        Command::Restore { file, force } => runtime.block_on(backup::restore(&config, &file, force, arguments.json)),
        Command::Openapi { front } => openapi(front),
        Command::Manuals { folder } => {
            manuals::write(Arguments::command(), &folder)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Console(command) => runtime.block_on(console::console(&config, &command, arguments.json)),
        Command::Runner(RunnerCommand::Enroll { name, expires_hours }) => {
            let life = expires_hours.unwrap_or_default();
            runtime.block_on(enroll::enroll(&config, &name, life, arguments.json))
        }
        Command::User(command) => runtime.block_on(user::user(&config, command, arguments.json)),
        Command::Deployer(command) => runtime.block_on(deployer::deployer(&config, command, arguments.json)),
    }
}

fn openapi(front: Front) -> anyhow::Result<ExitCode> {
    let document = match front {
        Front::Control => http::document(),
        Front::Docker => http::docker::document(),
        Front::Engine => http::engine::document(),
        Front::Pacstar => http::pacstar::document(),
        Front::Sessions => http::sessions::document(),
    };
    writeln!(std::io::stdout(), "{}", document.to_pretty_json()?)?;
    Ok(ExitCode::SUCCESS)
}

fn config_file(given: Option<PathBuf>) -> Option<PathBuf> {
    given.or_else(|| Path::new(DEFAULT_CONFIG).exists().then(|| PathBuf::from(DEFAULT_CONFIG)))
}

fn assignment(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.trim().to_owned(), value.to_owned()))
}

/// Returns the environment variables that are valid UTF-8; others cannot be settings.
fn variables() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}
