//! Sites with a real container engine: instances as players have them.

mod engine;
pub mod hostile;
pub mod network;
pub mod outside;

use crate::pair::{Pair, exchange};
use crate::programs::{Process, output_of, program, run};
use crate::site::{Environment, wait_until};
use anyhow::Result;
pub use engine::{Engine, Kind};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// Time for an instance to be ready.
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
    pair: Pair,
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
        Self { pair: Pair::new(engine.process(), folder.path()), folder, engine, is_secure, others: Vec::new() }
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
        let server = if self.is_secure {
            format!("server: https://localhost:8443\nca_cert: {}\n", self.certificate().display())
        } else {
            "server: http://127.0.0.1:8443\n".to_owned()
        };
        self.pair.enroll(name, file, &format!("{server}{settings}"))
    }

    /// Enrols another runner with these settings, and starts it in this environment.
    pub fn add_runner(&mut self, name: &str, settings: &str, environment: Environment) -> Result<()> {
        let file = format!("{name}.yml");
        self.enroll(name, &file, settings)?;
        let mut command = self.pair.service(&program("challengectl-runner")?);
        command.env("CHALLENGECTL_CONFIG", self.folder.path().join(file)).envs(environment);
        let runner = Process::start(command.arg("run"), &self.folder.path().join(format!("{name}.log")))?;
        self.others.push(runner);
        Ok(())
    }

    fn write_settings(&self) -> Result<()> {
        let tls = if self.is_secure { "tls: {self_signed: true}\n" } else { "" };
        self.pair.write_settings(&format!("listen: '[::]:8443'\nengine: {{listen: 127.0.0.1:5000}}\n{tls}"))
    }

    /// Starts the server, and waits until it answers.
    pub fn start_server(&mut self) -> Result<()> {
        self.pair.start_server(&format!("{FRONT}/api/health"))
    }

    /// Starts the runner, and waits until it is registered.
    pub fn start_runner(&mut self) -> Result<()> {
        self.start_runner_by(&[])
    }

    /// Starts the runner by a command that leads to its own.
    pub fn start_runner_by(&mut self, prefix: &[&str]) -> Result<()> {
        self.pair.start_runner(prefix)
    }

    /// Kills the server.
    pub fn kill_server(&mut self) -> Result<()> {
        self.pair.kill_server()
    }

    /// Kills the runner.
    pub fn kill_runner(&mut self) -> Result<()> {
        self.pair.kill_runner()
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
        let mut command = self.pair.inside(Path::new("curl"));
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
        exchange(&mut self.pair.inside(Path::new("curl")), method, &format!("{FRONT}{path}"), body)
    }

    /// Loads a page of an instance, as a player does.
    pub fn page(&self, url: &str) -> Result<String> {
        output_of(self.pair.inside(Path::new("curl")).args([
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
        self.pair.log(name)
    }
}

fn sample_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../challenges/web-basic-xss")
}
