//! A real cluster of Kubernetes, which all tests share, and sites with a runner that uses it.

mod event;
mod faulty;
mod images;
mod machine;
mod party;
mod place;
mod pods;
mod two_nodes;

use crate::containers::network;
use crate::programs::{output_of, run};
use anyhow::{Context, Result};
pub use event::{Event, SOON};
pub use faulty::Faulty;
pub use images::{IMAGE, NGINX, PYTHON};
pub use machine::{METADATA, Machine};
pub use party::{Heard, Outcome, Party, Target};
pub use place::Place;
pub use pods::{Bystander, Pod};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
pub use two_nodes::TwoNodes;

/// The address of the cluster's node, where players reach their instances.
pub const NODE: &str = "10.99.78.1";
/// The folder of the cluster, as `make test-kubernetes` gives it.
const FOLDER: &str = "CLUSTER";
/// Tests that run at once.
const SLOTS: u16 = 16;

/// The cluster.
#[derive(Debug, Clone)]
pub struct Cluster {
    folder: PathBuf,
}

impl Cluster {
    /// Returns the cluster, started if no other test has done so, with the images of the tests.
    pub fn get() -> Result<Self> {
        Self::at(folder()?)
    }

    fn at(folder: PathBuf) -> Result<Self> {
        let cluster = Self { folder };
        // Tests are processes of their own: one makes it, and the others wait.
        let lock = File::create(cluster.folder.with_extension("lock"))?;
        lock.lock()?;
        run(&mut cluster.script("up"))?;
        let has_images = cluster.folder.join("images");
        if !has_images.exists() {
            images::build(&cluster)?;
            File::create(has_images)?;
        }
        Ok(cluster)
    }

    fn script(&self, action: &str) -> Command {
        let mut command = Command::new(project().join("scripts/cluster.sh"));
        command.arg(action).arg(&self.folder);
        command
    }

    /// Runs `kubectl` as the cluster's admin.
    pub fn kubectl(&self, arguments: &[&str]) -> Result<String> {
        output_of(self.script("enter").arg("kubectl").args(arguments))
    }

    /// Runs lines of the shell on the node, as the cluster's admin.
    pub fn shell(&self, lines: &str) -> Result<String> {
        output_of(self.script("enter").args(["sh", "-ec", lines]))
    }

    /// Returns at which revision of the cluster's store the objects of a namespace were created, by their names. Revisions
    /// order all objects, whatever their kinds; times of objects are whole seconds.
    pub fn creations(&self, kind: &str, namespace: &str) -> Result<BTreeMap<String, u64>> {
        let begin = format!("/registry/{kind}/{namespace}/");
        // All keys that begin so: `0` follows `/`.
        let range = format!(
            "key=$(printf %s {begin} | base64 -w 0); end=$(printf %s {}0 | base64 -w 0)\n\
             curl -sS http://127.0.0.1:23790/v3/kv/range \
             -d '{{\"key\": \"'$key'\", \"range_end\": \"'$end'\", \"keys_only\": true}}' \
             | jq -r '.kvs[] | [(.key | @base64d), .create_revision] | @tsv'",
            begin.trim_end_matches('/'),
        );
        let listed = self.shell(&range)?;
        let created = listed.lines().map(|line| {
            let (key, revision) = line.split_once('\t').with_context(|| listed.clone())?;
            Ok((key.trim_start_matches(&begin).to_owned(), revision.parse()?))
        });
        created.collect()
    }

    /// The network of the node.
    pub fn node(&self) -> Result<Party> {
        Ok(Party::of(self.process()?))
    }

    /// A process whose network is the cluster's.
    pub fn process(&self) -> Result<u32> {
        self.process_of("holder")
    }

    /// The process of the API.
    pub fn api(&self) -> Result<u32> {
        self.process_of("api")
    }

    fn process_of(&self, name: &str) -> Result<u32> {
        let path = self.folder.join("pid").join(name);
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        Ok(text.trim().parse()?)
    }

    /// The file by which a runner reaches the cluster, as the user who may do no more than what is documented.
    pub fn access(&self) -> PathBuf {
        self.folder.join("conf/runner.kubeconfig")
    }

    /// The authority that signed the certificate of the API.
    pub fn authority(&self) -> PathBuf {
        self.folder.join("pki/ca.crt")
    }

    /// Takes ports for one test, as long as the returned value lives.
    fn slot(&self) -> Result<Slot> {
        for number in 0..SLOTS {
            let file = File::create(self.folder.with_extension(format!("slot{number}")))?;
            if file.try_lock().is_ok() {
                return Ok(Slot { number, _file: file });
            }
        }
        anyhow::bail!("more than {SLOTS} tests run at once")
    }

    /// Waits until no other test has the port and the addresses of the document.
    fn document(&self) -> Result<File> {
        let file = File::create(self.folder.with_extension("document"))?;
        file.lock()?;
        Ok(file)
    }

    /// Starts a thread in the cluster's network.
    pub fn thread<T, F>(&self, work: impl FnOnce() -> F + Send + 'static) -> Result<std::thread::JoinHandle<Result<T>>>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>>,
    {
        network::inside(self.process()?, work)
    }
}

/// The ports of one test in the network that all share.
struct Slot {
    number: u16,
    /// Locked.
    _file: File,
}

impl Slot {
    /// The port of the server, and that of the engine front.
    fn server(&self) -> (u16, u16) {
        (20_000 + 10 * self.number, 20_001 + 10 * self.number)
    }

    /// The port of the faulty API.
    fn api(&self) -> u16 {
        20_002 + 10 * self.number
    }

    /// The port of the front by which challenges are deployed.
    fn deployments(&self) -> u16 {
        20_003 + 10 * self.number
    }

    /// A port at which nobody listens, of TCP and of UDP.
    fn free(&self) -> u16 {
        20_004 + 10 * self.number
    }

    /// The ports of the node for instances.
    fn node_ports(&self) -> (u16, u16) {
        (30_000 + 150 * self.number, 30_149 + 150 * self.number)
    }
}

fn folder() -> Result<PathBuf> {
    let folder = std::env::var_os(FOLDER).context("these tests need a cluster; run: make test-kubernetes")?;
    Ok(folder.into())
}

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
