//! Instances: fetches what the server wants to run here, makes it so, and reports.
//!
//! Six loops: [`orders`] fetches what has changed, [`work`] begins what is due, [`watch`] looks at what the engines have,
//! [`health`] asks whether it is well, [`deliver`] reports, and [`inventory`] says which images there are. Each cluster has one
//! of its own ([`clusters`]). Each session has at most one task at a time, which carries out its newest order.

mod clusters;
mod connections;
mod deliver;
mod health;
mod inspect;
mod inventory;
mod orders;
mod processes;
mod report;
mod standing;
mod sweep;
mod watch;
mod work;

use super::Agent;
use crate::config::EngineConfig;
use crate::engine::{Cluster, Docker, EngineError, Host, Owner, Processes};
use anyhow::Context;
use challengectl_common::EngineId;
use challengectl_common::wire::instances::{EngineKind, InstanceReport, Order};
use challengectl_common::wire::{EngineSilence, MAX_SILENCE};
use deliver::Outbox;
use parking_lot::Mutex;
use standing::Standing;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, OnceCell};
use tokio::task::JoinSet;

/// The instances of this runner.
pub(crate) struct Instances {
    /// Whose containers are here; `None` without engines.
    owner: Option<Owner>,
    engines: Vec<Engine>,
    sessions: Mutex<HashMap<i64, Standing>>,
    /// Notified when an order of a session is to be carried out.
    due: Notify,
    outbox: Outbox,
    /// Whether all orders of this server are known: only then is anything else a leftover.
    knows_all: Mutex<bool>,
}

struct Engine {
    config: EngineConfig,
    driver: Driver,
}

/// What an engine starts.
enum Driver {
    /// Containers.
    Docker { host: Arc<Host>, docker: Box<OnceCell<Docker>> },
    /// Processes.
    Process(Processes),
    /// Pods of a cluster.
    Kubernetes { host: Arc<Host>, cluster: Box<OnceCell<Cluster>> },
}

impl Instances {
    /// Returns the instances for these engines. The installation is kept in the state folder.
    pub(super) fn new(engines: &[EngineConfig], state_dir: &Path) -> anyhow::Result<Self> {
        let mut instances = Self {
            owner: None,
            engines: Vec::new(),
            sessions: Mutex::default(),
            due: Notify::new(),
            outbox: Outbox::default(),
            knows_all: Mutex::default(),
        };
        if !engines.is_empty() {
            let owner = installation(state_dir)?;
            let host = Arc::new(Host::new(owner.clone(), state_dir)?);
            for config in engines {
                let driver = match config.kind {
                    EngineKind::Docker => Driver::Docker { host: Arc::clone(&host), docker: Box::default() },
                    EngineKind::Kubernetes => Driver::Kubernetes { host: Arc::clone(&host), cluster: Box::default() },
                    EngineKind::Process => {
                        let opened = Processes::open(config, &owner, state_dir);
                        Driver::Process(opened.with_context(|| format!("engine {}", config.id))?)
                    }
                };
                instances.engines.push(Engine { config: config.clone(), driver });
            }
            instances.owner = Some(owner);
        }
        Ok(instances)
    }

    /// Returns how long ago each cluster has answered.
    pub(super) fn silences(&self) -> Vec<EngineSilence> {
        let clusters = self.engines.iter().filter_map(|engine| match &engine.driver {
            Driver::Kubernetes { cluster, .. } => Some((engine, cluster.get()?.silence()?)),
            Driver::Docker { .. } | Driver::Process(_) => None,
        });
        // Rounded up: it may not seem to have answered later than it did.
        let seconds = |silence: Duration| {
            u32::try_from(silence.as_millis().div_ceil(1000)).unwrap_or(MAX_SILENCE).min(MAX_SILENCE)
        };
        clusters
            .map(|(engine, silence)| EngineSilence { engine_id: engine.config.id.clone(), seconds: seconds(silence) })
            .collect()
    }

    fn engine(&self, id: &EngineId) -> Option<&Engine> {
        self.engines.iter().find(|engine| engine.config.id == *id)
    }

    /// Returns whether an order has not been followed by another one, also to remove.
    fn is_current(&self, order: &Order) -> bool {
        let sessions = self.sessions.lock();
        sessions.get(&order.session_id).is_none_or(|standing| standing.order.is_same(order))
    }

    /// Returns whether an order to run has not been followed by another one.
    fn is_newest(&self, order: &Order) -> bool {
        let sessions = self.sessions.lock();
        let newest = sessions.get(&order.session_id).map(|standing| &standing.order);
        newest.is_some_and(|newest| newest.fence == order.fence && newest.run.is_some())
    }

    fn report(&self, report: InstanceReport) {
        self.outbox.put(report);
    }
}

impl Engine {
    /// Returns the container engine, connected. It may have been started after the runner.
    ///
    /// # Errors
    /// The engine is away, or no container engine.
    async fn docker(&self) -> Result<&Docker, EngineError> {
        match &self.driver {
            Driver::Docker { host, docker } => docker.get_or_try_init(|| Docker::connect(&self.config, host)).await,
            Driver::Process(_) | Driver::Kubernetes { .. } => {
                Err(EngineError::Refused(format!("engine {} is no container engine", self.config.id)))
            }
        }
    }

    /// Returns the container engine, if it was connected.
    fn connected(&self) -> Option<&Docker> {
        match &self.driver {
            Driver::Docker { docker, .. } => docker.get(),
            Driver::Process(_) | Driver::Kubernetes { .. } => None,
        }
    }

    /// Returns the engine of processes, if it is one.
    fn processes(&self) -> Option<&Processes> {
        match &self.driver {
            Driver::Process(processes) => Some(processes),
            Driver::Docker { .. } | Driver::Kubernetes { .. } => None,
        }
    }

    /// Returns the cluster, if it is one. The file that says how it is reached may come after the runner.
    async fn cluster(&self) -> Option<Result<&Cluster, EngineError>> {
        match &self.driver {
            Driver::Kubernetes { host, cluster } => {
                Some(cluster.get_or_try_init(|| Cluster::connect(&self.config, host)).await)
            }
            Driver::Docker { .. } | Driver::Process(_) => None,
        }
    }

    fn is_docker(&self) -> bool {
        matches!(self.driver, Driver::Docker { .. })
    }
}

/// Starts the loops of a runner that has engines.
pub(super) fn spawn(agent: &Arc<Agent>, loops: &mut JoinSet<()>) {
    if agent.instances.engines.is_empty() {
        return;
    }
    loops.spawn(orders::run(Arc::clone(agent)));
    loops.spawn(work::run(Arc::clone(agent)));
    loops.spawn(watch::run(Arc::clone(agent)));
    loops.spawn(health::run(Arc::clone(agent)));
    loops.spawn(deliver::run(Arc::clone(agent)));
    loops.spawn(inventory::run(Arc::clone(agent)));
    clusters::spawn(agent, loops);
}

/// Reads the installation, or makes it.
fn installation(state_dir: &Path) -> anyhow::Result<Owner> {
    let path = state_dir.join("installation");
    match fs_err::read_to_string(&path) {
        Ok(text) if !text.trim().is_empty() => Ok(Owner(text.trim().to_owned())),
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => {
            let text = format!("{:032x}", rand::random::<u128>());
            challengectl_host::durable::write(&path, text.as_bytes(), challengectl_host::durable::Readers::Owner)?;
            Ok(Owner(text))
        }
    }
}
