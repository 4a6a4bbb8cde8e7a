//! A server, and a runner that uses the cluster.

use super::{Cluster, NODE, Slot};
use crate::programs::{Process, output_of, program};
use crate::site::wait_until;
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// Time for a server or a runner to be ready, and for an instance.
const READY: Duration = Duration::from_secs(120);

/// A site in the cluster's network. What it has in the cluster is found by its installation, and removed in the end.
pub struct Place {
    server: Option<Process>,
    runner: Option<Process>,
    installation: String,
    /// Settings of the server beside those that all have.
    more_settings: String,
    slot: Slot,
    cluster: Cluster,
    folder: TempDir,
}

impl Place {
    /// Starts a server and a runner.
    pub fn start() -> Result<Self> {
        let mut place = Self::prepare()?;
        let access = place.cluster.access();
        place.begin(&access)?;
        Ok(place)
    }

    /// Prepares a site, of which nothing runs.
    pub fn prepare() -> Result<Self> {
        let (cluster, folder) = (Cluster::get()?, tempfile::tempdir()?);
        let installation = format!("test{:08x}", rand::random::<u32>());
        let (more_settings, slot) = (String::new(), cluster.slot()?);
        Ok(Self { server: None, runner: None, installation, more_settings, slot, cluster, folder })
    }

    /// Has the server deploy challenges for teams, whose addresses begin with [`Place::network`].
    pub fn deploys(&mut self) {
        let (port, network) = (self.slot.deployments(), self.network());
        self.more_settings = format!("pacstar: {{listen: 127.0.0.1:{port}, pool: {network}.100-{network}.130}}\n");
    }

    /// The network of the addresses of teams, which no other test has.
    pub fn network(&self) -> String {
        format!("192.168.{}", 100 + self.slot.number)
    }

    /// Sends a request to the front by which challenges are deployed, with this access token; returns status and body.
    pub fn deployments(&self, token: &str, method: &str, path: &str, body: Option<&Value>) -> Result<(u16, Value)> {
        let url = format!("http://127.0.0.1:{}/api/v1{path}", self.slot.deployments());
        self.send(method, &url, &["-H", &format!("Authorization: Bearer {token}")], body)
    }

    /// Starts a server and a runner, which reaches the cluster by this file.
    pub fn begin(&mut self, access: &Path) -> Result<()> {
        let (main, front) = self.slot.server();
        let settings = format!(
            "listen: 127.0.0.1:{main}\ndata_dir: {}/data\nlease_seconds: 3\ngrace_seconds: 0.5\n\
             engine: {{listen: 127.0.0.1:{front}}}\n{}",
            self.folder.path().display(),
            self.more_settings,
        );
        std::fs::write(self.folder.path().join("server.yml"), settings)?;
        self.start_server()?;
        self.enroll(access)?;
        self.start_runner()
    }

    /// Enrols the runner, which reaches the cluster by this file.
    fn enroll(&self, access: &Path) -> Result<()> {
        let words = output_of(self.server_command()?.args(["runner", "enroll", "roof"]))?;
        let token = words.split_whitespace().last().context("no token was printed")?;
        let (folder, (first, last)) = (self.folder.path().display(), self.slot.node_ports());
        let engine = format!(
            "{{id: cluster, kind: kubernetes, kubeconfig: {}, host: {NODE}, ports: {{first: {first}, last: {last}}}, \
             balancer: metallb, installation: {}, capacity: 100}}",
            access.display(),
            self.installation,
        );
        let settings = format!(
            "server: http://127.0.0.1:{}\nenrollment_token: {token}\nstate_dir: {folder}/roof\nengines: [{engine}]\n",
            self.slot.server().0
        );
        Ok(std::fs::write(self.folder.path().join("runner.yml"), settings)?)
    }

    fn server_command(&self) -> Result<std::process::Command> {
        let mut command = self.cluster.inside(&program("challengectl-server")?)?;
        command.env("CHALLENGECTL_CONFIG", self.folder.path().join("server.yml"));
        Ok(command)
    }

    /// Starts the server, and waits until it answers.
    pub fn start_server(&mut self) -> Result<()> {
        let server = Process::start(self.server_command()?.arg("serve"), &self.folder.path().join("server.log"))?;
        self.server = Some(server);
        let answers = || Ok(self.request("GET", "/api/health", None).is_ok());
        wait_until("the server answers", READY, answers).with_context(|| self.log("server.log"))
    }

    /// Starts the runner, and waits until it is registered.
    pub fn start_runner(&mut self) -> Result<()> {
        let before = self.log("runner.log").matches("registered with").count();
        let mut command = self.cluster.inside(&program("challengectl-runner")?)?;
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

    /// Deletes all that the runner has kept, and enrols it again.
    pub fn wipe_runner(&self) -> Result<()> {
        std::fs::remove_dir_all(self.folder.path().join("roof"))?;
        self.enroll(&self.cluster.access())
    }

    /// The cluster.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// The port that this test has for a faulty API.
    pub fn api_port(&self) -> u16 {
        self.slot.api()
    }

    /// The folder of everything, which is deleted in the end.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The address of the main listener.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.slot.server().0)
    }

    /// The address of the engine front.
    pub fn front(&self) -> String {
        format!("http://127.0.0.1:{}", self.slot.server().1)
    }

    /// Returns the selector of what the runner has in the cluster.
    pub fn selector(&self) -> String {
        format!("challengectl.runner={}", self.installation)
    }

    /// Returns what the cluster has of sessions, as `KIND/NAME`.
    pub fn objects(&self) -> Result<Vec<String>> {
        let kinds = "deployments,pods,services,secrets,networkpolicies";
        let selector = format!("{},challengectl.session", self.selector());
        let listed = self.cluster.kubectl(&["get", kinds, "-A", "-l", &selector, "-o", "name"])?;
        Ok(listed.lines().map(str::to_owned).collect())
    }

    /// Asks for the instance of a user, again as long as it is still starting; returns status and body.
    pub fn start_instance(&self, challenge: &str, user: &str) -> Result<(u16, Value)> {
        let body = json!({"challenge_id": challenge, "user_id": user});
        let mut answer = (503, Value::Null);
        wait_until("the instance is there, or is not", READY, || {
            answer = self.request("POST", "/api/challenges", Some(&body))?;
            Ok(answer.0 != 503)
        })
        .with_context(|| format!("{}\n{}", answer.1, self.log("runner.log")))?;
        Ok(answer)
    }

    /// Sends a request to the engine front; returns status and body.
    pub fn request(&self, method: &str, path: &str, body: Option<&Value>) -> Result<(u16, Value)> {
        self.send(method, &format!("{}{path}", self.front()), &[], body)
    }

    fn send(&self, method: &str, url: &str, headers: &[&str], body: Option<&Value>) -> Result<(u16, Value)> {
        let mut command = self.cluster.inside(Path::new("curl"))?;
        command.args(["-sS", "-X", method, "-w", "\n%{http_code}", url]).args(headers);
        if let Some(body) = body {
            command.args(["-H", "Content-Type: application/json", "-d", &body.to_string()]);
        }
        let answer = output_of(&mut command)?;
        let (body, status) = answer.rsplit_once('\n').context("no status")?;
        // Some answers have no body.
        let body = if body.is_empty() { "null" } else { body };
        Ok((status.parse()?, serde_json::from_str(body).with_context(|| body.to_owned())?))
    }

    /// Loads a page of an instance, as a player does.
    pub fn page(&self, url: &str) -> Result<String> {
        let retry = ["-sS", "-m", "10", "--retry", "20", "--retry-connrefused", "--retry-delay", "1"];
        output_of(self.cluster.inside(Path::new("curl"))?.args(retry).arg(url))
    }

    /// Returns the log of a program.
    pub fn log(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }
}

impl Drop for Place {
    /// Removes what a failed test has left.
    fn drop(&mut self) {
        drop((self.runner.take(), self.server.take()));
        let kinds = "services,deployments,pods,secrets,networkpolicies";
        let _ = self.cluster.kubectl(&["delete", kinds, "-A", "--wait=false", "-l", &self.selector()]);
        let _ = self.cluster.kubectl(&["delete", "namespaces", "--wait=false", "-l", &self.selector()]);
    }
}
