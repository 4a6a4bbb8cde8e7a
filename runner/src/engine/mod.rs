//! Engines: what instances are started with. Docker and Podman, by the API that both have, processes of the host
//! ([`process`]), and clusters ([`kubernetes`]).
//!
//! [`host`] keeps the host's firewall rules for containers, [`profile`] says what a container may use of the host, [`disk`]
//! watches what it writes, [`health`] whether it is well.

mod containers;
mod disk;
mod docker;
mod health;
mod host;
mod images;
mod inspect;
mod kubernetes;
mod labels;
mod layer;
mod listed;
mod networks;
mod probe;
pub(crate) mod process;
mod profile;
mod start;
mod subnets;
mod swarm;

use challengectl_host::durable::{self, Readers};
pub(crate) use docker::Docker;
pub(crate) use health::IsWanted;
use host::Firewall;
pub(crate) use host::{bridges, strays};
pub(crate) use images::KnownPorts;
pub(crate) use inspect::NO_EVENTS;
pub(crate) use kubernetes::{Cluster, Condition};
pub(crate) use labels::Owner;
use probe::Prober;
pub(crate) use process::{Answering, ProcessError, Processes};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What the engines of one runner share.
pub(crate) struct Host {
    owner: Owner,
    firewall: Arc<Firewall>,
    seccomp_file: PathBuf,
    prober: Prober,
}

impl Host {
    /// Writes the list of system calls to the state folder, where Podman reads it.
    pub(crate) fn new(owner: Owner, state_dir: &Path) -> anyhow::Result<Self> {
        let seccomp_file = std::path::absolute(state_dir)?.join("seccomp.json");
        durable::write(&seccomp_file, profile::SECCOMP.as_bytes(), Readers::Owner)?;
        Ok(Self { owner, firewall: Arc::default(), seccomp_file, prober: Prober::new()? })
    }
}

/// Why an engine did not do what was ordered, for operators.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EngineError {
    /// The engine does not answer; what it has stays as it is.
    #[error("the engine at {socket} does not answer: {reason}")]
    Away { socket: String, reason: String },
    /// The engine refuses.
    #[error("{0}")]
    Refused(String),
    /// The engine lacks an image, now and if it is asked again.
    #[error("the engine has no image {0}; build it there, or pull it")]
    NoImage(String),
    /// The engine cannot do it, now and if it is asked again.
    #[error("{0}")]
    Impossible(String),
    /// Something of it is still there or not there yet, which passes by itself.
    #[error("{0}")]
    Lingers(String),
    /// A container has ended, or does not answer.
    #[error("{0}")]
    Unwell(String),
    /// A newer order has come.
    #[error("a newer order has come")]
    Superseded,
    /// The host cannot keep containers apart from it and from each other.
    #[error(
        "cannot isolate containers, so none is started: {0}; or set `firewall: none` for the engine if another firewall \
         does it (docs/instances.md)"
    )]
    Unable(String),
}
