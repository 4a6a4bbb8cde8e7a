//! A server, and a runner that uses the cluster.

use super::{Cluster, NODE, Slot};
use crate::pair::{Pair, exchange};
use crate::programs::output_of;
use crate::site::wait_until;
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::fs::File;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// Time for an instance to be ready.
const READY: Duration = Duration::from_secs(120);

/// The port of the document.
const DOCUMENTED: u16 = 8000;

/// A site in the cluster's network. What it has in the cluster is found by its installation, and removed in the end.
pub struct Place {
    pair: Pair,
    installation: String,
    /// Settings of the server beside those that all have.
    more_settings: String,
    /// Where players are.
    outside: String,
    slot: Slot,
    /// Locked, if the port and the addresses of the document are this test's.
    document: Option<File>,
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
        Self::prepare_in(Cluster::get()?)
    }

    /// Prepares a site that uses this cluster.
    pub fn prepare_in(cluster: Cluster) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let installation = format!("test{:08x}", rand::random::<u32>());
        let (more_settings, outside, slot) = (String::new(), "0.0.0.0/0, '::/0'".to_owned(), cluster.slot()?);
        let pair = Pair::new(cluster.process()?, folder.path());
        Ok(Self { pair, installation, more_settings, outside, slot, document: None, cluster, folder })
    }

    /// Has the server deploy challenges for teams, whose addresses begin with [`Place::network`].
    pub fn deploys(&mut self) {
        let (port, network) = (self.slot.deployments(), self.network());
        self.more_settings = format!("pacstar: {{listen: 127.0.0.1:{port}, pool: {network}.100-{network}.250}}\n");
    }

    /// Has the server deploy challenges at the port and with the addresses of the document, as long as no other test does: waits
    /// for that one.
    pub fn deploys_as_documented(&mut self) -> Result<()> {
        self.document = Some(self.cluster.document()?);
        let (address, pool) = (format!("127.0.0.1:{DOCUMENTED}"), "192.168.250.100-192.168.250.130");
        self.more_settings = format!("pacstar: {{listen: {address}, pool: {pool}}}\n");
        Ok(())
    }

    /// The network of the addresses of teams, which no other test has.
    pub fn network(&self) -> String {
        format!("192.168.{}", 100 + self.slot.number)
    }

    /// Has players come from this test's part of a network, such as `203.0.113`, alone.
    pub fn has_players_in(&mut self, network: &str) {
        self.outside = format!("{network}.{}/28", 16 * self.slot.number);
    }

    /// Returns the address for a machine in this test's part of a network.
    pub fn address_in(&self, network: &str) -> String {
        format!("{network}.{}", 16 * self.slot.number + 2)
    }

    /// A port of the node at which nobody listens, of TCP and of UDP.
    pub fn free_port(&self) -> u16 {
        self.slot.free()
    }

    /// Sends a request to the front by which challenges are deployed, with this access token; returns status and body.
    pub fn deployments(&self, token: &str, method: &str, path: &str, body: Option<&Value>) -> Result<(u16, Value)> {
        let url = format!("{}{path}", self.deployments_url());
        self.send(method, &url, &["-H", &format!("Authorization: Bearer {token}")], body)
    }

    /// The address of that front.
    pub fn deployments_address(&self) -> String {
        let port = if self.document.is_some() { DOCUMENTED } else { self.slot.deployments() };
        format!("127.0.0.1:{port}")
    }

    /// The base of that front.
    pub fn deployments_url(&self) -> String {
        format!("http://{}/api/v1", self.deployments_address())
    }

    /// Starts a server and a runner, which reaches the cluster by this file.
    pub fn begin(&mut self, access: &Path) -> Result<()> {
        let (main, front) = self.slot.server();
        let own = format!("listen: 127.0.0.1:{main}\nengine: {{listen: 127.0.0.1:{front}, host: {NODE}}}\n");
        self.pair.write_settings(&(own + &self.more_settings))?;
        self.start_server()?;
        self.enroll(access)?;
        self.start_runner()
    }

    /// Enrols the runner, which reaches the cluster by this file.
    fn enroll(&self, access: &Path) -> Result<()> {
        let (first, last) = self.slot.node_ports();
        let engine = format!(
            "{{id: cluster, kind: kubernetes, kubeconfig: {}, host: {NODE}, ports: {{first: {first}, last: {last}}}, \
             balancer: metallb, installation: {}, capacity: 100, outside: [{}]}}",
            access.display(),
            self.installation,
            self.outside,
        );
        let settings = format!("server: {}\nengines: [{engine}]\n", self.url());
        self.pair.enroll("roof", "runner.yml", &settings)
    }

    /// Starts the server, and waits until it answers.
    pub fn start_server(&mut self) -> Result<()> {
        self.pair.start_server(&format!("{}/api/health", self.front()))
    }

    /// Starts the runner, and waits until it is registered.
    pub fn start_runner(&mut self) -> Result<()> {
        self.pair.start_runner(&[])
    }

    /// Kills the server.
    pub fn kill_server(&mut self) -> Result<()> {
        self.pair.kill_server()
    }

    /// Kills the runner.
    pub fn kill_runner(&mut self) -> Result<()> {
        self.pair.kill_runner()
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

    /// The text by which the runner finds what it has in the cluster.
    pub fn installation(&self) -> &str {
        &self.installation
    }

    /// Returns how many addresses are leased, by the server's metrics.
    pub fn leased(&self) -> Result<u64> {
        let url = format!("{}/metrics", self.url());
        let metrics = output_of(self.pair.inside(Path::new("curl")).args(["-sS", &url]))?;
        let line =
            metrics.lines().find_map(|line| line.strip_prefix("challengectl_deployment_addresses{state=\"leased\"} "));
        Ok(line.with_context(|| metrics.clone())?.parse()?)
    }

    /// The process ids of the server and the runner.
    pub fn ids(&self) -> Result<(u32, u32)> {
        self.pair.ids()
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
        exchange(self.pair.inside(Path::new("curl")).args(headers), method, url, body)
    }

    /// Runs the lines of a document in a shell.
    pub fn shell(&self, lines: &str) -> Result<String> {
        output_of(self.pair.inside(Path::new("sh")).args(["-c", lines]))
    }

    /// Loads a page of an instance, as a player does.
    pub fn page(&self, url: &str) -> Result<String> {
        // A node learns of a pod a moment after the API; until then, there is no way to it.
        let retry = ["-sS", "-m", "10", "--retry", "30", "--retry-all-errors", "--retry-delay", "1"];
        output_of(self.pair.inside(Path::new("curl")).args(retry).arg(url))
    }

    /// Returns the log of a program.
    pub fn log(&self, name: &str) -> String {
        self.pair.log(name)
    }
}

impl Drop for Place {
    /// Removes what a failed test has left.
    fn drop(&mut self) {
        let _ = (self.pair.kill_runner(), self.pair.kill_server());
        let kinds = "services,deployments,pods,secrets,networkpolicies";
        let _ = self.cluster.kubectl(&["delete", kinds, "-A", "--wait=false", "-l", &self.selector()]);
        let _ = self.cluster.kubectl(&["delete", "namespaces", "--wait=false", "-l", &self.selector()]);
    }
}
