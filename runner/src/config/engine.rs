//! The settings of engines.

use challengectl_common::EngineId;
use challengectl_common::wire::instances::PortRange;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// An engine of the configuration: what instances are started with.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EngineConfig {
    /// The id, unique on this runner.
    pub id: EngineId,
    /// Docker's socket, or Podman's.
    pub socket: PathBuf,
    /// The host by which players reach the published ports.
    pub host: String,
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
    pub(super) fn check(&self) -> Result<(), String> {
        let refuse = |why: String| Err(format!("engine {}: {why}", self.id));
        if self.host.is_empty() || self.host.contains(['/', ' ', '@']) {
            return refuse(format!("host: {:?} is no host name or address", self.host));
        }
        if self.ports.first == 0 || self.ports.last < self.ports.first {
            return refuse(format!("ports: from {} to {} is no range", self.ports.first, self.ports.last));
        }
        if self.capacity == 0 || self.starts == 0 {
            return refuse("capacity and starts must be above 0".to_owned());
        }
        Ok(())
    }
}
