//! Docker and Podman.

use super::EngineError;
use super::labels::{self, Owner};
use super::subnets::{self, Subnets};
use bollard::API_DEFAULT_VERSION;
use bollard::errors::Error;
use bollard::models::{
    ContainerCreateBody, ContainerSummaryStateEnum, EndpointSettings, HostConfig, HostConfigLogConfig, Ipam,
    IpamConfig, Network, NetworkCreateRequest, NetworkingConfig, PortBinding, ResourcesUlimits,
};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, ListContainersOptionsBuilder, ListNetworksOptionsBuilder,
    RemoveContainerOptionsBuilder,
};
use challengectl_common::instance::ContainerSpec;
use challengectl_common::wire::instances::{Order, Published, RunOrder};
use nix::sys::resource::{Resource, getrlimit};
use std::collections::HashMap;
use std::path::Path;
use tokio::sync::Semaphore;

/// Seconds in which an engine has to answer: with 200 starts at once, one took 51.
const TIMEOUT_SECONDS: u64 = 120;
/// Bytes of memory file systems beside a read-only root.
const TMPFS: &str = "size=16m,mode=1777";
/// Bytes of shared memory.
const SHM_BYTES: i64 = 16 << 20;
/// Open files of a process.
const MAX_FILES: i64 = 1024;

/// An engine.
pub(crate) struct Docker {
    api: bollard::Docker,
    socket: String,
    owner: Owner,
    is_podman: bool,
    starts: Semaphore,
    subnets: Subnets,
}

/// A container that was found.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) id: String,
    pub(crate) session: i64,
    pub(crate) fence: i64,
    pub(crate) is_running: bool,
}

impl Docker {
    /// Connects, and learns which engine it is.
    pub(crate) async fn connect(socket: &Path, owner: Owner, starts: usize) -> Result<Self, EngineError> {
        let socket = socket.display().to_string();
        let away = |error: Error| EngineError::Away { socket: socket.clone(), reason: error.to_string() };
        let api = bollard::Docker::connect_with_unix(&socket, TIMEOUT_SECONDS, API_DEFAULT_VERSION).map_err(away)?;
        let api = api.negotiate_version().await.map_err(away)?;
        let version = api.version().await.map_err(away)?;
        let components = version.components.unwrap_or_default();
        let is_podman = components.iter().any(|component| component.name.contains("Podman"));
        let subnets = Subnets::default();
        let docker = Self { api, socket, owner, is_podman, starts: Semaphore::new(starts), subnets };
        for network in docker.networks(&docker.owner.filter()).await? {
            subnet(&network).into_iter().for_each(|cidr| docker.subnets.note(cidr));
        }
        Ok(docker)
    }

    /// Returns all containers of this runner.
    pub(crate) async fn list(&self) -> Result<Vec<Found>, EngineError> {
        self.list_by(&self.owner.filter()).await
    }

    /// Returns the containers of a session. With a thousand others, it takes an engine 8 ms for 112.
    pub(crate) async fn list_session(&self, session: i64) -> Result<Vec<Found>, EngineError> {
        self.list_by(&labels::only(self.owner.filter(), session)).await
    }

    async fn list_by(&self, filter: &HashMap<String, Vec<String>>) -> Result<Vec<Found>, EngineError> {
        let options = ListContainersOptionsBuilder::new().all(true).filters(filter).build();
        let all = self.api.list_containers(Some(options)).await.map_err(|error| self.error(error))?;
        let found = all.into_iter().filter_map(|container| {
            let (session, fence) = labels::read(container.labels.as_ref())?;
            let is_running = container.state == Some(ContainerSummaryStateEnum::RUNNING);
            Some(Found { id: container.id?, session, fence, is_running })
        });
        Ok(found.collect())
    }

    /// Returns the sessions whose networks are there.
    pub(crate) async fn sessions_of_networks(&self) -> Result<Vec<i64>, EngineError> {
        let networks = self.networks(&self.owner.filter()).await?;
        Ok(networks.iter().filter_map(|it| Some(labels::read(it.labels.as_ref())?.0)).collect())
    }

    /// Starts the instance of an order, of which nothing is there. Returns the id of its first container.
    pub(crate) async fn start(&self, order: &Order, run: &RunOrder) -> Result<String, EngineError> {
        // Never closed.
        let _permit = self.starts.acquire().await;
        let network = self.make_network(order).await?;
        let mut first = None;
        for container in &run.containers {
            let id = self.start_container(order, run, container, &network).await?;
            first.get_or_insert(id);
        }
        first.ok_or_else(|| EngineError::Refused("the order has no container".to_owned()))
    }

    /// Removes everything of a session. What is not there counts as removed.
    pub(crate) async fn remove(&self, session: i64) -> Result<(), EngineError> {
        let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
        for container in self.list_session(session).await? {
            self.gone(self.api.remove_container(&container.id, Some(options.clone())).await)?;
        }
        for network in self.networks(&labels::only(self.owner.filter(), session)).await? {
            let Some(id) = &network.id else { continue };
            self.gone(self.api.remove_network(id).await)?;
            subnet(&network).and_then(subnets::number).into_iter().for_each(|number| self.subnets.free(number));
        }
        Ok(())
    }

    async fn networks(&self, filter: &HashMap<String, Vec<String>>) -> Result<Vec<Network>, EngineError> {
        let options = ListNetworksOptionsBuilder::new().filters(filter).build();
        self.api.list_networks(Some(options)).await.map_err(|error| self.error(error))
    }

    /// Makes the network of a session. A number that somebody else on this engine uses stays taken.
    async fn make_network(&self, order: &Order) -> Result<String, EngineError> {
        loop {
            let number = self.subnets.take().ok_or_else(|| EngineError::Refused("no network is left".to_owned()))?;
            match self.try_network(order, number).await {
                Err(EngineError::Refused(reason)) if is_taken(&reason) => {
                    tracing::info!(network = subnets::cidr(number), "not free: {reason}");
                }
                made => return made,
            }
        }
    }

    async fn try_network(&self, order: &Order, number: u16) -> Result<String, EngineError> {
        let name = format!("ctf-{}-{}", short(&self.owner.0), order.session_id);
        let config = IpamConfig { subnet: Some(subnets::cidr(number)), ..IpamConfig::default() };
        // At most 15 letters; rules of the host's firewall recognise it.
        let bridge = format!("ctf{}", order.session_id % 1_000_000_000_000);
        let request = NetworkCreateRequest {
            name: name.clone(),
            driver: Some("bridge".to_owned()),
            ipam: Some(Ipam { config: Some(vec![config]), ..Ipam::default() }),
            options: Some(HashMap::from([("com.docker.network.bridge.name".to_owned(), bridge)])),
            labels: Some(self.owner.labels(order.session_id, order.fence)),
            ..NetworkCreateRequest::default()
        };
        match self.api.create_network(request).await {
            Ok(_) => Ok(name),
            Err(error) => {
                let error = self.error(error);
                if !matches!(&error, EngineError::Refused(reason) if is_taken(reason)) {
                    self.subnets.free(number);
                }
                Err(error)
            }
        }
    }

    async fn start_container(
        &self,
        order: &Order,
        run: &RunOrder,
        container: &ContainerSpec,
        network: &str,
    ) -> Result<String, EngineError> {
        let name = format!("{network}-{}-{}", container.name.as_str(), order.fence);
        let options = CreateContainerOptionsBuilder::new().name(&name).build();
        let body = self.body(order, run, container, network);
        let made = self.api.create_container(Some(options), body).await.map_err(|error| self.error(error))?;
        self.api.start_container(&made.id, None).await.map_err(|error| self.error(error))?;
        Ok(made.id)
    }

    fn body(&self, order: &Order, run: &RunOrder, container: &ContainerSpec, network: &str) -> ContainerCreateBody {
        let mut labels = self.owner.labels(order.session_id, order.fence);
        labels::describe(&mut labels, &run.challenge, run.expires_at.to_string());
        let published: Vec<&Published> = run.published.iter().filter(|it| it.container == container.name).collect();
        let endpoint =
            EndpointSettings { aliases: Some(vec![container.name.as_str().to_owned()]), ..EndpointSettings::default() };
        ContainerCreateBody {
            hostname: Some(container.name.as_str().to_owned()),
            image: Some(container.image.clone()),
            cmd: Some(container.command.clone()).filter(|command| !command.is_empty()),
            env: Some(container.environment.iter().map(|(name, value)| format!("{name}={value}")).collect()),
            exposed_ports: Some(published.iter().map(|it| it.port.to_string()).collect()),
            labels: Some(labels),
            host_config: Some(self.host_config(container, &published, network)),
            networking_config: Some(NetworkingConfig {
                endpoints_config: Some(HashMap::from([(network.to_owned(), endpoint)])),
            }),
            ..ContainerCreateBody::default()
        }
    }

    /// Returns what a container may use of the host. Capabilities: none but those of its spec.
    fn host_config(&self, container: &ContainerSpec, published: &[&Published], network: &str) -> HostConfig {
        let memory = i64::from(container.limits.memory_mib) << 20;
        let binding = |port: u16| PortBinding { host_ip: None, host_port: Some(port.to_string()) };
        // Podman completes limits that it is given by its own for processes, which it may not be allowed to set.
        let processes = self.is_podman.then(|| ("nproc", process_limit()));
        let ulimit = |(name, limit): (&str, i64)| ResourcesUlimits {
            name: Some(name.to_owned()),
            soft: Some(limit),
            hard: Some(limit),
        };
        // Bounded by the engine; each has another driver that is.
        let log_driver = if self.is_podman { "k8s-file" } else { "local" };
        let log_options = HashMap::from([("max-size".to_owned(), "1m".to_owned())]);
        let tmpfs = HashMap::from([("/tmp".to_owned(), TMPFS.to_owned())]);
        HostConfig {
            memory: Some(memory),
            // No swap.
            memory_swap: Some(memory),
            nano_cpus: Some((container.limits.cpus * 1e9) as i64),
            pids_limit: Some(container.limits.pids.into()),
            cap_drop: Some(vec!["ALL".to_owned()]),
            cap_add: Some(container.capabilities.iter().map(|it| it.as_str().to_owned()).collect()),
            security_opt: Some(vec!["no-new-privileges".to_owned()]),
            readonly_rootfs: Some(container.read_only),
            tmpfs: Some(tmpfs).filter(|_| container.read_only),
            shm_size: Some(SHM_BYTES),
            // Without core dumps, which would be written to the disk.
            ulimits: Some([("core", 0), ("nofile", MAX_FILES)].into_iter().chain(processes).map(ulimit).collect()),
            log_config: Some(HostConfigLogConfig { typ: Some(log_driver.to_owned()), config: Some(log_options) }),
            // Ends at once when it is stopped, also if the program ignores signals as the first process.
            init: Some(true),
            network_mode: Some(network.to_owned()),
            port_bindings: Some(
                published.iter().map(|it| (it.port.to_string(), Some(vec![binding(it.host_port)]))).collect(),
            ),
            ..HostConfig::default()
        }
    }

    /// Returns an error unless the thing is gone.
    fn gone(&self, done: Result<(), Error>) -> Result<(), EngineError> {
        match done {
            Ok(()) | Err(Error::DockerResponseServerError { status_code: 404, .. }) => Ok(()),
            Err(error) => Err(self.error(error)),
        }
    }

    fn error(&self, error: Error) -> EngineError {
        match error {
            Error::DockerResponseServerError { message, .. } => EngineError::Refused(message),
            error => EngineError::Away { socket: self.socket.clone(), reason: error.to_string() },
        }
    }
}

/// Returns the number of processes of one user that Podman may set: this host's, and at most what its service allows
/// itself. Of a container, `pids_limit` is the limit.
fn process_limit() -> i64 {
    const OF_SERVICE: i64 = 32_768;
    let hard = getrlimit(Resource::RLIMIT_NPROC).map(|(_, hard)| i64::try_from(hard).unwrap_or(OF_SERVICE));
    hard.unwrap_or(OF_SERVICE).min(OF_SERVICE)
}

/// Returns whether an engine refuses a network since its addresses are in use: the words of Docker, and of Podman.
fn is_taken(reason: &str) -> bool {
    reason.contains("Pool overlaps") || reason.contains("already used")
}

fn subnet(network: &Network) -> Option<&str> {
    network.ipam.as_ref()?.config.as_ref()?.first()?.subnet.as_deref()
}

/// Returns the beginning of a random text: enough to tell two runners on one engine apart.
fn short(text: &str) -> &str {
    text.get(..8).unwrap_or(text)
}
