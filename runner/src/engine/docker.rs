//! Docker and Podman.

use super::containers::Plain;
use super::disk::Layers;
use super::host::{Firewall, strays};
use super::labels::{self, Owner};
use super::probe::Prober;
use super::profile::Profile;
use super::subnets::Subnets;
use super::swarm::Swarm;
use super::{EngineError, Host};
use crate::config::{self, EngineConfig};
use bollard::API_DEFAULT_VERSION;
use bollard::errors::Error;
use bollard::models::{ContainerCreateBody, SystemInfoCgroupDriverEnum};
use bollard::query_parameters::RemoveContainerOptionsBuilder;
use challengectl_common::instance::ContainerSpec;
use challengectl_common::wire::instances::{Order, Published, RunOrder};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Seconds in which an engine has to answer: with 200 starts at once, one took 51.
const TIMEOUT_SECONDS: u64 = 120;

/// An engine.
pub(crate) struct Docker {
    pub(super) api: bollard::Docker,
    pub(super) plain: Plain,
    pub(super) socket: String,
    pub(super) owner: Owner,
    pub(super) profile: Profile,
    /// `None` if the configuration does without.
    pub(super) firewall: Option<Arc<Firewall>>,
    pub(super) starts: Semaphore,
    /// As many as starts: of twenty at once in Podman all would be gone only when the last is.
    removals: Semaphore,
    pub(super) prober: Prober,
    pub(super) subnets: Subnets,
    pub(super) layers: Layers,
    pub(super) swarm: Swarm,
}

/// A container that was found.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) id: String,
    /// Its name in the instance.
    pub(crate) name: String,
    pub(crate) session: i64,
    pub(crate) fence: i64,
    pub(crate) is_running: bool,
}

impl Docker {
    /// Connects, and learns which engine it is.
    pub(crate) async fn connect(config: &EngineConfig, host: &Host) -> Result<Self, EngineError> {
        let socket = config.socket.clone().unwrap_or_default().display().to_string();
        let away = |error: Error| EngineError::Away { socket: socket.clone(), reason: error.to_string() };
        let plain = Plain::new(&socket, Duration::from_secs(TIMEOUT_SECONDS));
        let plain = plain.map_err(|error| EngineError::Away { socket: socket.clone(), reason: error.to_string() })?;
        let api = bollard::Docker::connect_with_unix(&socket, TIMEOUT_SECONDS, API_DEFAULT_VERSION).map_err(away)?;
        let api = api.negotiate_version().await.map_err(away)?;
        let version = api.version().await.map_err(away)?;
        let components = version.components.unwrap_or_default();
        let is_podman = components.iter().any(|component| component.name.contains("Podman"));
        let manages_host = config.firewall == config::Firewall::Nftables;
        let group = match manages_host {
            true => Some(strays::group(&host.owner, has_systemd(&api).await.map_err(away)?)),
            false => None,
        };
        let docker = Self {
            api,
            plain,
            socket,
            owner: host.owner.clone(),
            profile: Profile::new(is_podman, &host.seccomp_file, group),
            firewall: manages_host.then(|| Arc::clone(&host.firewall)),
            starts: Semaphore::new(config.starts),
            removals: Semaphore::new(config.starts),
            prober: host.prober.clone(),
            subnets: Subnets::default(),
            layers: Layers::default(),
            swarm: Swarm::default(),
        };
        docker.manages_swarm().await?;
        docker.note_networks().await?;
        Ok(docker)
    }

    /// Keeps the firewall rules in place, without which nothing is started.
    pub(crate) async fn keep_firewall(&self) -> Result<(), EngineError> {
        match &self.firewall {
            Some(firewall) => firewall.keep().await,
            None => Ok(()),
        }
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
        let all = self.listed(|| self.containers(filter)).await?;
        let found = all.into_iter().filter_map(|container| {
            let (session, fence) = labels::read(container.labels.as_ref())?;
            let is_running = container.is_running();
            let name = labels::container(container.labels.as_ref());
            Some(Found { id: container.id, name, session, fence, is_running })
        });
        Ok(found.collect())
    }

    /// Removes everything of a session. What is not there counts as removed.
    pub(crate) async fn remove(&self, session: i64) -> Result<(), EngineError> {
        // Never closed.
        let _permit = self.removals.acquire().await;
        let was_service = self.remove_services(session).await?;
        for container in self.list_session(session).await? {
            self.remove_container(&container.id).await?;
        }
        self.remove_networks(session).await?;
        if self.remove_service_network(session).await? || was_service {
            self.remove_unused_secrets().await?;
        }
        Ok(())
    }

    pub(super) async fn remove_container(&self, id: &str) -> Result<(), EngineError> {
        let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
        self.gone(self.api.remove_container(id, Some(options)).await)
    }

    /// Returns a container of an order, without its network.
    pub(super) fn body(&self, order: &Order, run: &RunOrder, container: &ContainerSpec) -> ContainerCreateBody {
        let mut labels = self.owner.labels(order.session_id, order.fence);
        labels::describe(&mut labels, container.name.as_str(), &run.challenge, run.expires_at.to_string());
        let published: Vec<&Published> = run.published.iter().filter(|it| it.container == container.name).collect();
        ContainerCreateBody {
            hostname: Some(container.name.as_str().to_owned()),
            image: Some(container.image.clone()),
            entrypoint: Some(container.entrypoint.clone()).filter(|program| !program.is_empty()),
            cmd: Some(container.command.clone()).filter(|command| !command.is_empty()),
            working_dir: container.working_dir.clone(),
            user: container.user.clone(),
            env: Some(container.environment.iter().map(|(name, value)| format!("{name}={value}")).collect()),
            exposed_ports: Some(published.iter().map(|it| it.port.to_string()).collect()),
            labels: Some(labels),
            host_config: Some(self.profile.host_config(container, &published)),
            ..ContainerCreateBody::default()
        }
    }

    /// Returns an error unless the thing is gone.
    pub(super) fn gone(&self, done: Result<(), Error>) -> Result<(), EngineError> {
        match done {
            Ok(()) | Err(Error::DockerResponseServerError { status_code: 404, .. }) => Ok(()),
            Err(error) => Err(self.error(error)),
        }
    }

    pub(super) fn error(&self, error: Error) -> EngineError {
        match error {
            Error::DockerResponseServerError { message, .. } => EngineError::Refused(message),
            error => self.away(&error.to_string()),
        }
    }

    /// Returns the error of an engine that is to be asked again.
    pub(super) fn away(&self, reason: &str) -> EngineError {
        EngineError::Away { socket: self.socket.clone(), reason: reason.to_owned() }
    }
}

/// Returns whether an engine leaves control groups to systemd.
async fn has_systemd(api: &bollard::Docker) -> Result<bool, Error> {
    Ok(api.info().await?.cgroup_driver == Some(SystemInfoCgroupDriverEnum::SYSTEMD))
}
