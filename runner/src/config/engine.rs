//! The settings of engines.

use challengectl_common::EngineId;
use challengectl_common::wire::instances::{EngineInfo, EngineKind, PortRange};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};
use std::path::{Component, Path, PathBuf};

/// The lowest number of a user of a process: those below are of people and services (login.defs(5), `UID_MAX`).
const MIN_USER: u32 = 60_001;
/// The ports that a cluster gives to Services on its nodes (`--service-node-port-range` of the API server).
const NODE_PORTS: std::ops::RangeInclusive<u16> = 30_000..=32_767;

/// An engine of the configuration: what instances are started with.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EngineConfig {
    /// The id, unique on this runner.
    pub id: EngineId,
    /// What it starts.
    #[serde(default = "default_kind")]
    pub kind: EngineKind,
    /// Docker's socket, or Podman's. Processes have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub socket: Option<PathBuf>,
    /// The host by which players reach the published ports. Processes publish none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The ports that it may publish: below those that the kernel gives to outgoing connections (32768 to 60999,
    /// `ip_local_port_range`), which would sometimes have one first.
    #[serde(default = "default_ports")]
    pub ports: PortRange,
    /// The maximum number of instances at once.
    #[serde(default = "default_capacity")]
    pub capacity: u32,
    /// The maximum number of starts at once. More of them do not end earlier: each needs a whole core.
    #[serde(default = "default_starts")]
    pub starts: usize,
    /// What keeps containers from the host and from each other.
    #[serde(default)]
    pub firewall: Firewall,
    /// Of processes: folders of the host that they may read, besides its system folders.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub folders: Vec<PathBuf>,
    /// Of processes: the users under which they run, each under another one, with the group of the same number.
    #[serde(default)]
    pub users: UserRange,
    /// Of a cluster: the file that says how it is reached, and as whom. Absent: the runner is a pod of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubeconfig: Option<PathBuf>,
    /// Of a cluster: what the objects of this runner are labelled with, by which it finds them again. Absent: a random text
    /// in its state folder. To be given where that does not last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installation: Option<String>,
    /// Of a cluster: what gives addresses to deployments.
    #[serde(default)]
    pub balancer: Balancer,
    /// Of a cluster: the networks from which players come. Pods do not count as players.
    #[serde(default = "everywhere")]
    pub outside: Vec<IpNet>,
}

/// What gives addresses to Services of a cluster, and how it is asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Balancer {
    /// Nothing: players use a port of a node.
    #[default]
    None,
    /// MetalLB, by its annotation.
    Metallb,
    /// Another one that is asked in `spec.loadBalancerIP`, or chooses by itself.
    LoadBalancerIp,
}

fn everywhere() -> Vec<IpNet> {
    // All addresses are the default of these types.
    vec![IpNet::V4(Ipv4Net::default()), IpNet::V6(Ipv6Net::default())]
}

/// Numbers of users, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserRange {
    pub first: u32,
    pub last: u32,
}

impl Default for UserRange {
    /// Those above the users of systems (65,535, systemd's "Users, Groups, UIDs and GIDs") and below those that
    /// `/etc/subuid` gives to containers (100,000, login.defs(5)).
    fn default() -> Self {
        Self { first: 70_000, last: 79_999 }
    }
}

/// What keeps containers from the host and from each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Firewall {
    /// Rules that the runner keeps in place with `nft`; without them nothing is started.
    #[default]
    Nftables,
    /// Nothing: for a host with rules of its own, or that is tried out by one person.
    None,
}

fn default_kind() -> EngineKind {
    EngineKind::Docker
}

fn default_ports() -> PortRange {
    PortRange { first: 30_000, last: 32_767 }
}

fn default_capacity() -> u32 {
    100
}

fn default_starts() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get)
}

impl EngineConfig {
    /// Returns what the server is told of it.
    #[must_use]
    pub fn introduction(&self) -> EngineInfo {
        EngineInfo {
            id: self.id.clone(),
            kind: self.kind,
            // Nobody reaches a process but the server, by this runner.
            host: self.host.clone().unwrap_or_else(|| "localhost".to_owned()),
            ports: self.ports,
            capacity: self.capacity,
        }
    }

    pub(super) fn check(&self) -> Result<(), String> {
        self.check_values().map_err(|why| format!("engine {}: {why}", self.id))
    }

    fn check_values(&self) -> Result<(), String> {
        if self.capacity == 0 || self.starts == 0 {
            return Err("capacity and starts must be above 0".to_owned());
        }
        match self.kind {
            EngineKind::Docker => self.check_docker(),
            EngineKind::Process => self.check_process(),
            EngineKind::Kubernetes => self.check_kubernetes(),
        }
    }

    fn check_docker(&self) -> Result<(), String> {
        if self.socket.is_none() {
            return Err("socket: is missing, such as /var/run/docker.sock".to_owned());
        }
        self.check_reached()?;
        self.check_without_cluster()
    }

    /// Checks by what players reach it.
    fn check_reached(&self) -> Result<(), String> {
        let host = self.host.as_ref().ok_or("host: is missing: the name or address by which players reach it")?;
        if host.is_empty() || host.contains(['/', ' ', '@']) {
            return Err(format!("host: {host:?} is no host name or address"));
        }
        if self.ports.first == 0 || self.ports.last < self.ports.first {
            return Err(format!("ports: from {} to {} is no range", self.ports.first, self.ports.last));
        }
        if !self.folders.is_empty() {
            return Err("folders are only used with kind: process".to_owned());
        }
        Ok(())
    }

    fn check_without_cluster(&self) -> Result<(), String> {
        match (&self.kubeconfig, &self.installation, self.balancer) {
            (None, None, Balancer::None) => Ok(()),
            _ => Err("kubeconfig, installation and balancer are only used with kind: kubernetes".to_owned()),
        }
    }

    fn check_kubernetes(&self) -> Result<(), String> {
        if self.socket.is_some() {
            return Err("socket is not used with kind: kubernetes; give kubeconfig".to_owned());
        }
        self.check_reached()?;
        let PortRange { first, last } = self.ports;
        if !NODE_PORTS.contains(&first) || !NODE_PORTS.contains(&last) {
            return Err(format!("ports: from {first} to {last} are not within 30000 to 32767, which nodes have"));
        }
        let is_label = |text: &String| {
            (1..=63).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        if let Some(text) = self.installation.as_ref().filter(|text| !is_label(text)) {
            return Err(format!("installation: {text:?} is not 1 to 63 lower-case letters and digits"));
        }
        if self.outside.is_empty() {
            return Err("outside: names no network, so that nobody could reach an instance".to_owned());
        }
        Ok(())
    }

    fn check_process(&self) -> Result<(), String> {
        self.check_without_cluster()?;
        if self.socket.is_some() || self.host.is_some() {
            return Err("socket and host are not used with kind: process".to_owned());
        }
        let UserRange { first, last } = self.users;
        if first < MIN_USER || last < first || u64::from(last - first) + 1 < u64::from(self.capacity) {
            return Err(format!(
                "users: from {first} to {last} are not as many as capacity ({}), from {MIN_USER} on",
                self.capacity
            ));
        }
        match self.folders.iter().find(|folder| !is_of_programs(folder)) {
            Some(folder) => {
                let why = "is no absolute path of a folder, or one that programs must not see as the host has it";
                Err(format!("folders: {} {why}", folder.display()))
            }
            None => Ok(()),
        }
    }
}

/// Returns whether a folder may be shown to programs: not the whole host, nor what the sandbox has of its own.
fn is_of_programs(folder: &Path) -> bool {
    let is_plain = folder.components().skip(1).all(|part| matches!(part, Component::Normal(_)));
    let own = ["/proc", "/dev", "/sys", "/session"];
    folder.is_absolute() && folder != Path::new("/") && is_plain && !own.iter().any(|own| folder.starts_with(own))
}
