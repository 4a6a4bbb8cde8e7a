//! Sites with a real container engine: instances as players have them.

mod engine;
pub mod hostile;
pub mod network;
pub mod outside;

use crate::programs::{Process, output_of, program, run};
use crate::site::{Environment, wait_until};
use anyhow::{Context, Result};
pub use engine::{Engine, Kind};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// Time for a server or a runner to be ready.
const READY: Duration = Duration::from_secs(60);

/// Makes a test for each engine of functions that take its [`Kind`].
#[macro_export]
macro_rules! on_both_engines {
    ($($name:ident),+ $(,)?) => {
        mod docker {
            $(#[test]
            fn $name() -> anyhow::Result<()> {
                super::$name($crate::containers::Kind::Docker)
            })+
        }
        mod podman {
            $(#[test]
            fn $name() -> anyhow::Result<()> {
                super::$name($crate::containers::Kind::Podman)
            })+
        }
    };
}

/// The address of the engine front.
pub const FRONT: &str = "http://localhost:5000";

/// A container engine in a network of its own, with a server and a runner beside it.
pub struct Place {
    server: Option<Process>,
    runner: Option<Process>,
    /// Runners without engines.
    others: Vec<Process>,
    engine: Engine,
    /// Whether the server speaks TLS, with a certificate of its own.
    is_secure: bool,
    folder: TempDir,
}

impl Place {
    /// Starts an engine, builds the image of the sample challenge, and starts a server with a runner.
    pub fn start(kind: Kind) -> Result<Self> {
        Self::with(kind, |place| {
            let build = sample_folder().join("build.sh");
            run(Command::new(build).arg("docker").env("DOCKER_HOST", place.engine.socket()))?;
            Ok(())
        })
    }

    /// Like [`Place::start`], with other images.
    pub fn with(kind: Kind, build: impl FnOnce(&Self) -> Result<()>) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let engine = Engine::start(kind, &folder.path().join("engine"))?;
        Self::new(folder, engine, false).complete(build)
    }

    /// Starts Docker as the manager of a swarm, and a server that speaks TLS, without which it gives nobody a secret. `list`:
    /// the system calls that Docker gives containers by default.
    pub fn swarm(list: Option<&Path>, build: impl FnOnce(&Self) -> Result<()>) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let engine = Engine::swarm(&folder.path().join("engine"), list)?;
        Self::new(folder, engine, true).complete(build)
    }

    fn new(folder: TempDir, engine: Engine, is_secure: bool) -> Self {
        Self { folder, engine, is_secure, server: None, runner: None, others: Vec::new() }
    }

    fn complete(self, build: impl FnOnce(&Self) -> Result<()>) -> Result<Self> {
        let mut place = self;
        build(&place)?;
        place.write_settings()?;
        place.start_server()?;
        let folder = place.folder.path().display();
        let engine = format!("{{id: engine, socket: {folder}/engine/sock, host: localhost, capacity: 400}}");
        place.enroll("roof", "runner.yml", &format!("engines: [{engine}]\n"))?;
        place.start_runner()?;
        Ok(place)
    }

    /// Enrols a runner, and writes its settings, which are these and what each has.
    fn enroll(&self, name: &str, file: &str, settings: &str) -> Result<()> {
        let words = output_of(self.inside(&program("challengectl-server")?).args(["runner", "enroll", name]))?;
        let token = words.split_whitespace().last().context("no token was printed")?;
        let state = self.folder.path().join(name);
        let (server, trust) = if self.is_secure {
            ("https://localhost:8443", format!("ca_cert: {}\n", self.certificate().display()))
        } else {
            ("http://127.0.0.1:8443", String::new())
        };
        let all =
            format!("server: {server}\nenrollment_token: {token}\nstate_dir: {}\n{trust}{settings}", state.display());
        Ok(std::fs::write(self.folder.path().join(file), all)?)
    }

    /// Enrols another runner with these settings, and starts it in this environment.
    pub fn add_runner(&mut self, name: &str, settings: &str, environment: Environment) -> Result<()> {
        let file = format!("{name}.yml");
        self.enroll(name, &file, settings)?;
        let mut command = self.engine.inside(&program("challengectl-runner")?);
        command.env("CHALLENGECTL_CONFIG", self.folder.path().join(file)).envs(environment);
        let runner = Process::start(command.arg("run"), &self.folder.path().join(format!("{name}.log")))?;
        self.others.push(runner);
        Ok(())
    }

    fn write_settings(&self) -> Result<()> {
        let mut settings = format!(
            "listen: '[::]:8443'\ndata_dir: {}/data\nlease_seconds: 3\ngrace_seconds: 0.5\nengine: {{listen: 127.0.0.1:5000}}\n",
            self.folder.path().display()
        );
        if self.is_secure {
            settings.push_str("tls: {self_signed: true}\n");
        }
        Ok(std::fs::write(self.folder.path().join("server.yml"), settings)?)
    }

    /// Starts the server, and waits until it answers.
    pub fn start_server(&mut self) -> Result<()> {
        let mut command = self.inside(&program("challengectl-server")?);
        let server = Process::start(command.arg("serve"), &self.folder.path().join("server.log"))?;
        self.server = Some(server);
        let answers = || Ok(self.request("GET", "/api/health", None).is_ok());
        wait_until("the server answers", READY, answers).with_context(|| self.log("server.log"))
    }

    /// Starts the runner, and waits until it is registered.
    pub fn start_runner(&mut self) -> Result<()> {
        self.start_runner_by(&[])
    }

    /// Starts the runner by a command that leads to its own.
    pub fn start_runner_by(&mut self, prefix: &[&str]) -> Result<()> {
        let before = self.log("runner.log").matches("registered with").count();
        let program = program("challengectl-runner")?;
        let words = prefix.iter().map(Path::new).chain([program.as_path()]);
        let mut command = self.engine.inside(Path::new("env"));
        command.args(words);
        command.env("CHALLENGECTL_CONFIG", self.folder.path().join("runner.yml"));
        let runner = Process::start(command.arg("run"), &self.folder.path().join("runner.log"))?;
        self.runner = Some(runner);
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

    /// Runs a command of the Docker client.
    pub fn docker(&self, arguments: &[&str]) -> Result<String> {
        self.engine.docker(arguments)
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Kills the engine.
    pub fn kill_engine(&mut self) -> Result<()> {
        self.engine.kill()
    }

    /// Starts the engine that was killed.
    pub fn start_engine(&mut self) -> Result<()> {
        self.engine.restart()
    }

    /// The folder of everything, which is deleted in the end.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the server's own certificate.
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("data/tls.crt")
    }

    /// Sends a request to a server that speaks TLS, as a browser with these cookies; returns status and body.
    pub fn browse(&self, cookies: &str, method: &str, path: &str, body: Option<&Value>) -> Result<(u16, Value)> {
        let mut command = self.inside(Path::new("curl"));
        command.arg("--cacert").arg(self.certificate()).args(["-H", &format!("Cookie: {cookies}")]);
        exchange(&mut command, method, &format!("https://localhost:8443{path}"), body)
    }

    /// Returns the server's database.
    pub fn database(&self) -> PathBuf {
        self.folder.path().join("data/challengectl.db")
    }

    /// Returns the ids of the containers of instances, with all letters, in any state.
    pub fn containers(&self) -> Result<Vec<String>> {
        let listed = self.docker(&["ps", "-aq", "--no-trunc", "--filter", "label=challengectl.session"])?;
        Ok(listed.lines().map(str::to_owned).collect())
    }

    /// Asks for the instance of a user, again as long as it is still starting; returns status and body.
    pub fn start_instance(&self, user: &str) -> Result<(u16, Value)> {
        let body = json!({"challenge_id": "web-basic-xss", "user_id": user});
        let mut answer = (503, Value::Null);
        wait_until("the instance is there, or is not", READY, || {
            answer = self.request("POST", "/api/challenges", Some(&body))?;
            Ok(answer.0 != 503)
        })?;
        Ok(answer)
    }

    /// Sends a request to the engine front as `curl` does; returns status and body.
    pub fn request(&self, method: &str, path: &str, body: Option<&Value>) -> Result<(u16, Value)> {
        exchange(&mut self.inside(Path::new("curl")), method, &format!("{FRONT}{path}"), body)
    }

    /// Loads a page of an instance, as a player does.
    pub fn page(&self, url: &str) -> Result<String> {
        output_of(self.inside(Path::new("curl")).args([
            "-sS",
            "--retry",
            "20",
            "--retry-connrefused",
            "--retry-delay",
            "1",
            url,
        ]))
    }

    /// Returns the log of a program.
    pub fn log(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }

    /// Returns a command that runs in the engine's network, with the settings of the server.
    fn inside(&self, program: &Path) -> Command {
        let mut command = self.engine.inside(program);
        command.env("CHALLENGECTL_CONFIG", self.folder.path().join("server.yml"));
        command
    }
}

/// Lets `curl` send a request; returns status and body.
fn exchange(curl: &mut Command, method: &str, url: &str, body: Option<&Value>) -> Result<(u16, Value)> {
    curl.args(["-sS", "-X", method, "-w", "\n%{http_code}", url]);
    if let Some(body) = body {
        curl.args(["-H", "Content-Type: application/json", "-d", &body.to_string()]);
    }
    let answer = output_of(curl)?;
    let (body, status) = answer.rsplit_once('\n').context("no status")?;
    Ok((status.parse()?, serde_json::from_str(body).with_context(|| body.to_owned())?))
}

fn sample_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../challenges/web-basic-xss")
}
