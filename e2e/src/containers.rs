//! Real container engines, each in a network of its own: their bridges, rules and published ports do not touch the host's.

use crate::programs::{Process, output_of, program, run};
use crate::site::wait_until;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// Time for an engine, a server or a runner to be ready.
const READY: Duration = Duration::from_secs(60);

/// The address of the engine front.
pub const FRONT: &str = "http://localhost:5000";

/// Mounts the host's control groups and a `/sys` of the new network, makes its loopback work, and becomes the engine.
const ENTER: &str = "mkdir -p $1/cg && mount --rbind /sys/fs/cgroup $1/cg && mount -t sysfs sysfs /sys \
     && mount --rbind $1/cg /sys/fs/cgroup && ip link set lo up && shift && exec \"$@\"";

/// A Docker engine in a network of its own, with a server and a runner beside it.
pub struct Place {
    folder: TempDir,
    engine: Process,
    server: Option<Process>,
    runner: Option<Process>,
}

impl Place {
    /// Starts Docker, builds the image of the sample challenge, and starts a server with a runner.
    pub fn start() -> Result<Self> {
        ensure!(nix::unistd::Uid::effective().is_root(), "container engines of their own need root");
        let folder = tempfile::tempdir()?;
        let data = folder.path().join("docker");
        std::fs::create_dir(&data)?;
        let path = |name: &str| data.join(name).display().to_string();
        let mut command = Command::new("unshare");
        command.args(["-n", "-m", "--propagation", "slave", "sh", "-c", ENTER, "enter", &path("")]);
        command.args(["dockerd", "--data-root", &path("root"), "--exec-root", &path("exec")]);
        command.args(["--pidfile", &path("pid"), "-H", &format!("unix://{}", path("sock"))]);
        let engine = Process::start(&mut command, &folder.path().join("engine.log"))?;
        let mut place = Self { folder, engine, server: None, runner: None };
        let answers = || Ok(place.docker(&["version"]).is_ok());
        wait_until("Docker answers", READY, answers).with_context(|| place.log("engine.log"))?;
        let build = sample_folder().join("build.sh");
        run(Command::new(build).arg("docker").env("DOCKER_HOST", place.socket()))?;
        place.write_settings()?;
        place.start_server()?;
        let words = output_of(place.inside(&program("challengectl-server")?).args(["runner", "enroll", "roof"]))?;
        let token = words.split_whitespace().last().context("no token was printed")?.to_owned();
        let settings = format!(
            "server: http://127.0.0.1:8443\nenrollment_token: {token}\nstate_dir: {0}/roof\n\
             engines:\n  - {{id: docker, socket: {0}/docker/sock, host: localhost}}\n",
            place.folder.path().display()
        );
        std::fs::write(place.folder.path().join("runner.yml"), settings)?;
        place.start_runner()?;
        Ok(place)
    }

    fn write_settings(&self) -> Result<()> {
        let settings = format!(
            "listen: 127.0.0.1:8443\ndata_dir: {}/data\nlease_seconds: 3\ngrace_seconds: 0.5\nengine: {{listen: 127.0.0.1:5000}}\n",
            self.folder.path().display()
        );
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
        let before = self.log("runner.log").matches("registered with").count();
        let mut command = self.inside(&program("challengectl-runner")?);
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

    /// Returns a command of `docker` for this engine.
    pub fn docker(&self, arguments: &[&str]) -> Result<String> {
        output_of(Command::new("docker").args(arguments).env("DOCKER_HOST", self.socket()))
    }

    /// Returns the ids of the containers of instances, with all letters, in any state.
    pub fn containers(&self) -> Result<Vec<String>> {
        let listed = self.docker(&["ps", "-aq", "--no-trunc", "--filter", "label=challengectl.session"])?;
        Ok(listed.lines().map(str::to_owned).collect())
    }

    /// Sends a request to the engine front as `curl` does; returns status and body.
    pub fn request(&self, method: &str, path: &str, body: Option<&Value>) -> Result<(u16, Value)> {
        let mut command = self.inside(Path::new("curl"));
        command.args(["-sS", "-X", method, "-w", "\n%{http_code}", &format!("{FRONT}{path}")]);
        if let Some(body) = body {
            command.args(["-H", "Content-Type: application/json", "-d", &body.to_string()]);
        }
        let answer = output_of(&mut command)?;
        let (body, status) = answer.rsplit_once('\n').context("no status")?;
        Ok((status.parse()?, serde_json::from_str(body).with_context(|| body.to_owned())?))
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

    fn socket(&self) -> String {
        format!("unix://{}/docker/sock", self.folder.path().display())
    }

    /// Returns a command that runs in the engine's network.
    fn inside(&self, program: &Path) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["-t", &self.engine.id().to_string(), "-n", "--"]).arg(program);
        let name = program.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let settings = if name == "challengectl-runner" { "runner.yml" } else { "server.yml" };
        command.env("CHALLENGECTL_CONFIG", self.folder.path().join(settings));
        command
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Its containers end with the engine only when it ends in order.
        let _ = self.docker(&["ps", "-aq"]).map(|all| {
            all.lines().for_each(|id| drop(self.docker(&["rm", "-f", id])));
        });
        let _ = self.engine.terminate();
    }
}

fn sample_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../challenges/web-basic-xss")
}
