//! A server and a runner in the network of somebody else: of a container engine, or of a cluster.

use crate::programs::{Process, output_of, program};
use crate::site::wait_until;
use anyhow::{Context, Result};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Time for a server or a runner to be ready.
const READY: Duration = Duration::from_secs(120);

/// The nice value that their services have (packaging/systemd).
pub const NICE: i32 = -10;

/// The programs, with their settings, data and logs in one folder.
pub struct Pair {
    server: Option<Process>,
    runner: Option<Process>,
    /// A process whose network they have.
    network: u32,
    folder: PathBuf,
}

impl Pair {
    /// Prepares the programs in the network of a process; starts nothing.
    pub fn new(network: u32, folder: &Path) -> Self {
        Self { server: None, runner: None, network, folder: folder.to_owned() }
    }

    /// Writes the settings of the server.
    pub fn write_settings(&self, settings: &str) -> Result<()> {
        let data = self.folder.join("data");
        let all = format!("data_dir: {}\nlease_seconds: 3\ngrace_seconds: 0.5\n{settings}", data.display());
        Ok(std::fs::write(self.folder.join("server.yml"), all)?)
    }

    /// Enrols a runner, and writes its settings to a file, which are these and what each has.
    pub fn enroll(&self, name: &str, file: &str, settings: &str) -> Result<()> {
        let words = output_of(self.inside(&program("challengectl-server")?).args(["runner", "enroll", name]))?;
        let token = words.split_whitespace().last().context("no token was printed")?;
        let state = self.folder.join(name);
        let all = format!("enrollment_token: {token}\nstate_dir: {}\n{settings}", state.display());
        Ok(std::fs::write(self.folder.join(file), all)?)
    }

    /// Returns a command that starts one of the two with the priority of its service.
    pub fn service(&self, program: &Path) -> Command {
        let mut command = self.inside(Path::new("nice"));
        command.arg("-n").arg(NICE.to_string()).arg(program);
        command
    }

    /// Starts the server, and waits until it answers at this address.
    pub fn start_server(&mut self, url: &str) -> Result<()> {
        let mut command = self.service(&program("challengectl-server")?);
        self.server = Some(Process::start(command.arg("serve"), &self.folder.join("server.log"))?);
        let answers = || Ok(exchange(&mut self.inside(Path::new("curl")), "GET", url, None).is_ok());
        wait_until("the server answers", READY, answers).with_context(|| self.log("server.log"))
    }

    /// Starts the runner of `runner.yml` by a command that leads to its own, and waits until it is registered.
    pub fn start_runner(&mut self, prefix: &[&str]) -> Result<()> {
        let before = self.log("runner.log").matches("registered with").count();
        let program = program("challengectl-runner")?;
        let words = prefix.iter().map(Path::new).chain([program.as_path()]);
        let mut command = self.service(Path::new("env"));
        command.args(words).arg("run").env("CHALLENGECTL_CONFIG", self.folder.join("runner.yml"));
        self.runner = Some(Process::start(&mut command, &self.folder.join("runner.log"))?);
        let is_there = || Ok(self.log("runner.log").matches("registered with").count() > before);
        wait_until("the runner registers", READY, is_there).with_context(|| self.log("runner.log"))
    }

    /// Kills the server.
    pub fn kill_server(&mut self) -> Result<()> {
        self.server.take().context("the server does not run")?.kill()
    }

    /// Kills the runner.
    pub fn kill_runner(&mut self) -> Result<()> {
        self.runner.take().context("the runner does not run")?.kill()
    }

    /// The process ids of the server and the runner.
    pub fn ids(&self) -> Result<(u32, u32)> {
        let id = |process: &Option<Process>| process.as_ref().map(Process::id);
        Ok((id(&self.server).context("the server does not run")?, id(&self.runner).context("the runner does not run")?))
    }

    /// The folder of everything.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the log of a program.
    pub fn log(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.join(name)).unwrap_or_default()
    }

    /// Returns a command that runs in their network, with the settings of the server.
    pub fn inside(&self, program: &Path) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["-t", &self.network.to_string(), "-n", "--"]).arg(program);
        command.env("CHALLENGECTL_CONFIG", self.folder.join("server.yml"));
        command
    }
}

/// Lets `curl` send a request; returns status and body.
pub fn exchange(curl: &mut Command, method: &str, url: &str, body: Option<&Value>) -> Result<(u16, Value)> {
    curl.args(["-sS", "-X", method, "-w", "\n%{http_code}", url]);
    if let Some(body) = body {
        curl.args(["-H", "Content-Type: application/json", "-d", &body.to_string()]);
    }
    let answer = output_of(curl)?;
    let (body, status) = answer.rsplit_once('\n').context("no status")?;
    // Some answers have no body.
    let body = if body.is_empty() { "null" } else { body };
    Ok((status.parse()?, serde_json::from_str(body).with_context(|| body.to_owned())?))
}
