//! A server and its runners in one temporary folder, started, killed and restarted as real processes.

use crate::programs::{Process, output_of, program, run};
use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// One radio of a runner, for its configuration.
#[derive(Debug, Clone, Copy)]
pub struct Radio<'a> {
    pub id: &'a str,
    pub limits: &'a str,
    pub sample_rate: u32,
}

/// The intervals of a site, in seconds.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    pub lease: f64,
    pub grace: f64,
    pub heartbeat: f64,
}

/// A server with its runners. Its folder is deleted when it is dropped, unless [`Site::keep`] was called.
pub struct Site {
    folder: TempDir,
    url: String,
    server: Option<Process>,
    runners: Vec<Runner>,
    /// The environment of the server.
    environment: Environment,
}

struct Runner {
    name: String,
    process: Option<Process>,
    environment: Environment,
}

/// Environment variables of a program, in addition to the inherited ones.
pub type Environment = Vec<(&'static str, PathBuf)>;

impl Site {
    /// Writes a server's configuration and imports an event; starts nothing yet.
    pub fn new(event: &Path, base: Option<&Path>, times: Times) -> Result<Self> {
        let folder = TempDir::new()?;
        let site = Self { folder, url: String::new(), server: None, runners: Vec::new(), environment: Vec::new() };
        let Times { lease, grace, heartbeat } = times;
        std::fs::write(
            site.path("server.yml"),
            format!(
                "listen: 127.0.0.1:0\ndata_dir: {}\nlease_seconds: {lease}\ngrace_seconds: {grace}\n\
                 heartbeat_interval: {heartbeat}\npoll_interval: 1\n",
                site.path("server").display()
            ),
        )?;
        let mut import = site.server_command()?;
        import.arg("import").arg(event);
        if let Some(base) = base {
            import.arg("--base").arg(base);
        }
        print!("{}", output_of(&mut import)?);
        Ok(site)
    }

    /// Enables TLS with the server's own certificate.
    pub fn secure(self) -> Result<Self> {
        let mut settings = std::fs::OpenOptions::new().append(true).open(self.path("server.yml"))?;
        settings.write_all(b"tls: {self_signed: true}\n")?;
        Ok(self)
    }

    /// Returns a client that trusts the server's own certificate, if it has one.
    pub fn client(&self) -> Result<reqwest::Client> {
        // Needed to create the client, even if nothing is encrypted.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // No idle connections, since those to a killed server are dead.
        let builder = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0);
        let builder = match std::fs::read(self.path("server/tls.crt")) {
            Ok(pem) => builder.tls_certs_only([reqwest::Certificate::from_pem(&pem)?]),
            Err(_) => builder,
        };
        Ok(builder.build()?)
    }

    /// Returns a path in the site's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Sets the environment of the server, from its next start on.
    pub fn set_environment(&mut self, environment: Environment) {
        self.environment = environment;
    }

    /// Sets the environment of a runner, from its next start on.
    pub fn set_runner_environment(&mut self, index: usize, environment: Environment) -> Result<()> {
        self.runners.get_mut(index).context("no such runner")?.environment = environment;
        Ok(())
    }

    /// Keeps the folder and returns its path.
    pub fn keep(self) -> PathBuf {
        let Self { folder, server, runners, .. } = self;
        drop((runners, server));
        folder.keep()
    }

    /// The server's address, after its first start.
    pub fn url(&self) -> &str {
        &self.url
    }

    fn server_command(&self) -> Result<Command> {
        let mut command = Command::new(program("challengectl-server")?);
        command.env("CHALLENGECTL_CONFIG", self.path("server.yml"));
        // As in the systemd unit, so that measurements are realistic.
        command.env("MALLOC_ARENA_MAX", "2");
        Ok(command)
    }

    /// Starts the server and waits until it listens; a restart uses the same port.
    pub fn start_server(&mut self) -> Result<()> {
        let mut command = self.server_command()?;
        command.arg("serve").envs(self.environment.iter().map(|(name, value)| (name, value)));
        if let Some((_, address)) = self.url.split_once("://") {
            command.env("CHALLENGECTL_LISTEN", address);
        }
        let mut server = Process::start(&mut command, &self.path("server.log"))?;
        let mut lines = BufReader::new(server.stdout()?).lines();
        let url = lines.find_map(|line| {
            let line = line.ok()?;
            Some(line.get(line.find("http")?..)?.trim_end_matches('/').to_owned())
        });
        self.url = url.with_context(|| self.log("server.log"))?;
        self.server = Some(server);
        Ok(())
    }

    /// Returns the server's process id.
    pub fn server_id(&self) -> Result<u32> {
        Ok(self.server.as_ref().context("the server does not run")?.id())
    }

    /// Enrolls a runner with `file` radios; does not start it.
    pub fn add_runner(&mut self, name: &str, radios: &[Radio<'_>]) -> Result<()> {
        let url = self.url.clone();
        self.add_runner_behind(&url, name, radios)
    }

    /// Like [`Site::add_runner`], with this address as the server's.
    pub fn add_runner_behind(&mut self, url: &str, name: &str, radios: &[Radio<'_>]) -> Result<()> {
        let mut yaml = format!("state_dir: {}\nradios:\n", self.path(name).display());
        for Radio { id, limits, sample_rate } in radios {
            yaml.push_str(&format!(
                "  - {{id: {id}, driver: file, paced: true, directory: {}, sample_rate: {sample_rate}, \
                 frequency_limits: [\"{limits}\"]}}\n",
                self.recordings().display()
            ));
        }
        self.enroll_runner(url, name, &yaml)
    }

    /// Enrols a runner with this configuration; it takes this address for the server's, and does not run yet.
    pub fn enroll_runner(&mut self, url: &str, name: &str, yaml: &str) -> Result<()> {
        std::fs::write(self.path(&format!("{name}.yml")), yaml)?;
        let token = output_of(self.server_command()?.args(["runner", "enroll", name]))?;
        run(self.runner_command(name)?.args(["enroll", "--server", url, "--token", token.trim()]))?;
        self.runners.push(Runner { name: name.to_owned(), process: None, environment: Vec::new() });
        Ok(())
    }

    /// Adds a runner with this configuration; does not start it.
    pub fn adopt_runner(&mut self, name: &str, yaml: &str) -> Result<()> {
        std::fs::write(self.path(&format!("{name}.yml")), yaml)?;
        self.runners.push(Runner { name: name.to_owned(), process: None, environment: Vec::new() });
        Ok(())
    }

    /// Returns the folder of all recordings of the site.
    pub fn recordings(&self) -> PathBuf {
        self.path("recordings")
    }

    fn runner_command(&self, name: &str) -> Result<Command> {
        let mut command = Command::new(program("challengectl-runner")?);
        command.env("CHALLENGECTL_CONFIG", self.path(&format!("{name}.yml")));
        Ok(command)
    }

    /// Starts every runner that is not running.
    pub fn start_runners(&mut self) -> Result<()> {
        for index in 0..self.runners.len() {
            self.start_runner(index)?;
        }
        Ok(())
    }

    /// Starts one runner, numbered from 0.
    pub fn start_runner(&mut self, index: usize) -> Result<()> {
        let Runner { name, environment, .. } = self.runners.get(index).context("no such runner")?;
        let mut command = self.runner_command(name)?;
        command.arg("run").envs(environment.iter().map(|(name, value)| (name, value)));
        let process = Process::start(&mut command, &self.path(&format!("{name}.log")))?;
        self.runners.get_mut(index).context("no such runner")?.process = Some(process);
        Ok(())
    }

    /// Returns the process id of a runner's agent.
    pub fn runner_id(&self, index: usize) -> Result<u32> {
        let runner = self.runners.get(index).context("no such runner")?;
        Ok(runner.process.as_ref().context("the runner does not run")?.id())
    }

    /// Starts a second agent of this runner, with the state folder `state` if given.
    pub fn start_second_agent(&self, index: usize, state: Option<&Path>) -> Result<Process> {
        let name = &self.runners.get(index).context("no such runner")?.name;
        let mut command = self.runner_command(name)?;
        if let Some(state) = state {
            command.env("CHALLENGECTL_STATE_DIR", state);
        }
        Process::start(command.arg("run"), &self.path(&format!("{name}-second.log")))
    }

    /// Kills the server (`kill -9`).
    pub fn kill_server(&mut self) -> Result<()> {
        self.server.take().context("the server does not run")?.kill()
    }

    /// Kills a runner's agent (`kill -9`); its transmitting processes must end by themselves.
    pub fn kill_runner(&mut self, index: usize) -> Result<()> {
        let runner = self.runners.get_mut(index).context("no such runner")?;
        runner.process.take().context("the runner does not run")?.kill()
    }

    /// Ends the runners in order.
    pub fn stop_runners(&mut self) -> Result<()> {
        (0..self.runners.len()).try_for_each(|index| self.stop_runner(index))
    }

    /// Ends one runner in order, if it is running.
    pub fn stop_runner(&mut self, index: usize) -> Result<()> {
        let runner = self.runners.get_mut(index).context("no such runner")?;
        let Some(mut process) = runner.process.take() else { return Ok(()) };
        let status = process.terminate()?;
        anyhow::ensure!(status.success(), "{} ended with {status}", runner.name);
        Ok(())
    }

    /// Ends the server in order, if it is running.
    pub fn stop_server(&mut self) -> Result<()> {
        let Some(mut server) = self.server.take() else { return Ok(()) };
        let status = server.terminate()?;
        anyhow::ensure!(status.success(), "the server ended with {status}");
        Ok(())
    }

    /// Ends the runners in order, then the server.
    pub fn stop(&mut self) -> Result<()> {
        self.stop_runners()?;
        self.stop_server()
    }

    /// Returns the database file.
    pub fn database(&self) -> PathBuf {
        self.path("server/challengectl.db")
    }

    /// Returns the log of a program.
    pub fn log(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| format!("{name}: {error}"))
    }

    /// The number of runners.
    pub fn runners(&self) -> usize {
        self.runners.len()
    }
}

/// Polls until `condition` holds; fails with `what` after `limit`.
pub fn wait_until(what: &str, limit: Duration, mut condition: impl FnMut() -> Result<bool>) -> Result<()> {
    let deadline = Instant::now() + limit;
    while !condition()? {
        if Instant::now() > deadline {
            bail!("{what}: not within {limit:?}");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}
