//! Real container engines, each in a network of its own: their bridges, rules and published ports do not touch the host's.

use crate::programs::{Process, output_of};
use crate::site::wait_until;
use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Time for an engine to be ready.
const READY: Duration = Duration::from_secs(60);
/// Time for an engine to be ready after it was killed: Docker waits for its containerd for 15 s, each time.
const RESTART: Duration = Duration::from_secs(180);

/// The resolver of the engine's host, a machine [outside](super::outside).
pub const RESOLVER: &str = "203.0.113.2";

/// Mounts what the engine must not share with the host's own, the control groups, and a `/sys` of the new network, makes
/// its loopback work, and holds both: they outlive an engine that is killed.
///
/// Podman locks containers by a segment of `/dev/shm`, and keeps what is for all its services in `/run`. crun refuses a
/// second hierarchy of control groups beside the first.
const ENTER: &str = "mkdir -p $1/cg && mount --rbind /sys/fs/cgroup $1/cg && mount -t sysfs sysfs /sys \
     && mount --rbind $1/cg /sys/fs/cgroup && mount --bind $1/resolv.conf /etc/resolv.conf && ip link set lo up \
     && mount -t tmpfs shm /dev/shm \
     && if [ $2 = podman ]; then mount -t tmpfs run /run; umount /sys/fs/cgroup/unified 2>/dev/null || true; fi \
     && touch $1/entered && exec sleep infinity";

/// Podman without systemd, and where limits cannot be raised. All else is as its package has it.
const PODMAN: &str = "[containers]\ndefault_ulimits = [\"nofile=4096:4096\", \"nproc=4096:4096\"]\n\
     [engine]\ncgroup_manager = \"cgroupfs\"\nevents_logger = \"file\"\n";

/// Where Docker 20.10 panics at each start after it was killed while it made a network, of which it has a record without
/// addresses then; and that record, without which it starts (docs/instances.md).
const HALF_A_NETWORK: &str = "libnetwork.(*controller).reservePools";
const NETWORKS: &str = "root/network/files/local-kv.db";

/// Which engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Kind {
    Docker,
    Podman,
}

/// An engine that runs.
pub struct Engine {
    pub kind: Kind,
    folder: PathBuf,
    /// What Docker is started with besides.
    options: Vec<String>,
    /// Has its network and its mounts.
    holder: Process,
    /// The engine itself; `None` after a kill.
    daemon: Option<Process>,
    /// How often Docker's record of networks had to be removed.
    pub repairs: u32,
}

impl Engine {
    /// Starts an engine, with its data in this folder.
    pub fn start(kind: Kind, folder: &Path) -> Result<Self> {
        Self::start_with(kind, folder, &[])
    }

    /// Starts Docker and makes it the manager of a swarm, which it stays over restarts. `list`: the system calls that it
    /// gives containers by default.
    pub fn swarm(folder: &Path, list: Option<&Path>) -> Result<Self> {
        let list = list.map(|list| list.display().to_string());
        let options: Vec<&str> = list.iter().flat_map(|list| ["--seccomp-profile", list.as_str()]).collect();
        let engine = Self::start_with(Kind::Docker, folder, &options)?;
        engine.docker(&["swarm", "init", "--advertise-addr", "127.0.0.1", "--listen-addr", "127.0.0.1:2377"])?;
        Ok(engine)
    }

    fn start_with(kind: Kind, folder: &Path, options: &[&str]) -> Result<Self> {
        ensure!(nix::unistd::Uid::effective().is_root(), "container engines of their own need root");
        std::fs::create_dir_all(folder)?;
        std::fs::write(folder.join("resolv.conf"), format!("nameserver {RESOLVER}\n"))?;
        std::fs::write(folder.join("containers.conf"), PODMAN)?;
        let name = match kind {
            Kind::Docker => "docker",
            Kind::Podman => "podman",
        };
        let mut command = Command::new("unshare");
        command.args(["-n", "-m", "--propagation", "slave", "sh", "-c", ENTER, "enter"]).arg(folder).arg(name);
        let holder = Process::start(&mut command, &folder.join("log"))?;
        wait_until("the mounts are made", READY, || Ok(folder.join("entered").exists()))?;
        let options = options.iter().map(|&option| option.to_owned()).collect();
        let mut engine = Self { kind, folder: folder.to_owned(), options, holder, daemon: None, repairs: 0 };
        engine.restart()?;
        Ok(engine)
    }

    /// Starts an engine that was killed, and waits until it answers. One that ends instead is started again, as a service
    /// manager does: Docker does not find its containerd at first.
    pub fn restart(&mut self) -> Result<()> {
        let (mut daemon, mut read) = (self.spawn()?, self.log().len());
        let answers = wait_until("the engine answers", RESTART, || {
            if daemon.ended_within(Duration::ZERO)?.is_some() {
                let log = self.log();
                if log.get(read..).is_some_and(|new| new.contains(HALF_A_NETWORK)) {
                    std::fs::remove_file(self.folder.join(NETWORKS))?;
                    self.repairs += 1;
                }
                (daemon, read) = (self.spawn()?, log.len());
            }
            Ok(self.docker(&["version"]).is_ok())
        });
        self.daemon = Some(daemon);
        answers.with_context(|| self.log())
    }

    fn spawn(&self) -> Result<Process> {
        let path = |name: &str| self.folder.join(name).display().to_string();
        let mut command = Command::new("nsenter");
        // Podman's monitors leave files where they are started.
        command.args(["-t", &self.holder.id().to_string(), "-n", "-m", &format!("--wd={}", path("")), "--"]);
        match self.kind {
            Kind::Docker => command
                .args(["dockerd", "--data-root", &path("root"), "--exec-root", &path("exec")])
                .args(["--pidfile", &path("pid"), "-H", &self.socket()])
                .args(&self.options),
            Kind::Podman => command
                .env("CONTAINERS_CONF", path("containers.conf"))
                // It leaves what it is sent by `docker load` there.
                .env("TMPDIR", path(""))
                .args(["podman", "--root", &path("root"), "--runroot", &path("exec")])
                .args(["--network-config-dir", &path("networks"), "system", "service", "--time=0", &self.socket()]),
        };
        Process::start(&mut command, &self.folder.join("log"))
    }

    /// Kills the engine. Its containers go on, or not, as it has them.
    pub fn kill(&mut self) -> Result<()> {
        self.daemon.take().context("the engine does not run")?.kill()
    }

    /// Returns the address of its socket, for clients.
    pub fn socket(&self) -> String {
        format!("unix://{}/sock", self.folder.display())
    }

    /// Returns the folder of its data.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns a command of the Docker client, which both engines understand.
    pub fn client(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command.args(arguments).env("DOCKER_HOST", self.socket());
        command
    }

    /// Runs a command of the Docker client.
    pub fn docker(&self, arguments: &[&str]) -> Result<String> {
        output_of(&mut self.client(arguments))
    }

    /// Returns a command that runs in the engine's network.
    pub fn inside(&self, program: &Path) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["-t", &self.holder.id().to_string(), "-n", "--"]).arg(program);
        command
    }

    /// Runs lines of the shell in the engine's network.
    pub fn shell(&self, lines: &str) -> Result<String> {
        output_of(self.inside(Path::new("sh")).args(["-c", lines]))
    }

    /// A process whose network is the engine's.
    pub fn process(&self) -> u32 {
        self.holder.id()
    }

    /// Returns what the engine has written to its log.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // Containers of Docker end with it only when it ends in order, those of Podman never do.
        let _ = self.docker(&["ps", "-aq"]).map(|all| {
            all.lines().for_each(|id| drop(self.docker(&["rm", "-f", id])));
        });
        // Podman's monitors of `exec` stay for five minutes.
        let own = [Some(self.holder.id()), self.daemon.as_ref().map(Process::id)];
        let left: Vec<i32> = processes_beside(self.holder.id(), &own).unwrap_or_default();
        if let Some(daemon) = &mut self.daemon {
            let _ = daemon.terminate();
        }
        for process in left {
            let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(process), nix::sys::signal::Signal::SIGKILL);
        }
    }
}

/// Returns the processes that have the mounts of a process, which are the engine's own, without `known`.
fn processes_beside(engine: u32, known: &[Option<u32>]) -> Result<Vec<i32>> {
    let mounts = |id: &str| std::fs::read_link(format!("/proc/{id}/ns/mnt"));
    let (own, engines) = (mounts("self")?, mounts(&engine.to_string())?);
    ensure!(own != engines, "the engine has no mounts of its own");
    let names = std::fs::read_dir("/proc")?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let beside = names.filter(|name| mounts(name).is_ok_and(|its| its == engines));
    let ids = beside.filter_map(|name| name.parse::<i32>().ok());
    Ok(ids.filter(|id| !known.contains(&u32::try_from(*id).ok())).collect())
}
