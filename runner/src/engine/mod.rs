//! Engines: what instances are started with. So far Docker and Podman, by the API that both have.
//!
//! [`host`] keeps the host's firewall rules for containers, [`profile`] says what a container may use of the host, [`disk`]
//! watches what it writes.

mod disk;
mod docker;
mod host;
mod inspect;
mod labels;
mod layer;
mod networks;
mod profile;
mod subnets;

use challengectl_host::durable::{self, Readers};
pub(crate) use docker::Docker;
use host::Firewall;
pub(crate) use labels::Owner;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What the engines of one runner share.
pub(crate) struct Host {
    owner: Owner,
    firewall: Arc<Firewall>,
    seccomp_file: PathBuf,
}

impl Host {
    /// Writes the list of system calls to the state folder, where Podman reads it.
    pub(crate) fn new(owner: Owner, state_dir: &Path) -> anyhow::Result<Self> {
        let seccomp_file = std::path::absolute(state_dir)?.join("seccomp.json");
        durable::write(&seccomp_file, profile::SECCOMP.as_bytes(), Readers::Owner)?;
        Ok(Self { owner, firewall: Arc::default(), seccomp_file })
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
    /// The host cannot keep containers apart from it and from each other.
    #[error(
        "cannot isolate containers, so none is started: {0}; or set `firewall: none` for the engine if another firewall \
         does it (docs/instances.md)"
    )]
    Unable(String),
}
