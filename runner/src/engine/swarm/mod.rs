//! Services of a swarm that the engine manages: instances that get secrets as files, which no container gets by itself.
//!
//! A service has one task, on this node, and is not started again by the swarm, so that all else is as for containers: its
//! container has the labels of one, is found in the same list, and is in a network of its own, with the bridge that the
//! firewall's rules are for. Networks of the swarm's own kind lead to other nodes, past these rules.

mod networks;
mod secrets;
mod spec;

use super::docker::Docker;
use super::health::IsWanted;
use super::{EngineError, labels};
use bollard::errors::Error;
use bollard::models::{LocalNodeState, Service, SystemInfo, Task, TaskState};
use bollard::query_parameters::{ListServicesOptionsBuilder, ListTasksOptionsBuilder};
use challengectl_common::wire::instances::{Order, RunOrder};
use challengectl_common::wire::services::ServiceOrder;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

/// Pause before a task that does not run yet is looked at again.
const PAUSE: Duration = Duration::from_millis(250);
/// Time for the swarm to run a task, which takes it a second.
const TASK_TIMEOUT: Duration = Duration::from_secs(60);
/// The oldest API, of Docker 25, that has a list of system calls for services.
const WITH_SYSTEM_CALLS: (usize, usize) = (1, 44);

/// What is known of the engine's swarm.
#[derive(Default)]
pub(super) struct Swarm {
    /// Whether it manages one, as it was last asked, also if that is not ready: an engine that does not logs an error for each
    /// request about services.
    is_managed: AtomicBool,
    /// Serialises making secrets with the service that uses them, and removing those that none uses.
    secrets: Mutex<()>,
}

impl Docker {
    /// Returns whether the engine manages a swarm. Podman never does, and takes long to tell about itself.
    pub(crate) async fn manages_swarm(&self) -> Result<bool, EngineError> {
        if self.profile.is_podman() {
            return Ok(false);
        }
        Ok(node(&self.about().await?).is_some())
    }

    async fn about(&self) -> Result<SystemInfo, EngineError> {
        let info = self.api.info().await.map_err(|error| self.error(error))?;
        let was_managed = self.swarm.is_managed.load(Ordering::Relaxed);
        let is_managed = node(&info).is_some() || (was_managed && !has_left(&info));
        self.swarm.is_managed.store(is_managed, Ordering::Relaxed);
        Ok(info)
    }

    /// Starts the instance of an order as a service. Returns the id of its container.
    pub(super) async fn start_service(
        &self,
        order: &Order,
        run: &RunOrder,
        service: &ServiceOrder,
        is_wanted: IsWanted<'_>,
    ) -> Result<String, EngineError> {
        let [container] = run.containers.as_slice() else {
            return Err(EngineError::Impossible("no service is started: it has one container".to_owned()));
        };
        let node = self.check_swarm().await?;
        let image = self.image_id(&container.image).await?;
        let (network, id) = {
            // Never closed.
            let _permit = self.starts.acquire().await;
            self.keep_firewall().await?;
            let network = self.make_network(order).await?;
            let _no_other = self.swarm.secrets.lock().await;
            let files = self.make_secrets(&service.secrets).await?;
            let spec = self.service_spec(order, run, container, spec::Place { node, image, network: &network, files });
            let made = self.api.create_service(spec, None).await.map_err(|error| self.error(error))?;
            (network, made.id.unwrap_or_default())
        };
        let id = self.wait_for_task(&id, is_wanted).await?;
        if self.firewall.is_some() {
            network.check()?;
        }
        self.check_layer(&id).await?;
        self.wait_until_well(&id, container, network.address(0), is_wanted).await?;
        Ok(id)
    }

    /// Returns the id of this node. It is an error if the engine manages no swarm, or its services could do what
    /// containers may not.
    async fn check_swarm(&self) -> Result<String, EngineError> {
        let refuse = |why: &str| Err(EngineError::Impossible(format!("no service is started: {why}")));
        if self.profile.is_podman() {
            return refuse("Podman has no swarm");
        }
        let about = self.about().await?;
        let Some(node) = node(&about) else {
            if self.swarm.is_managed.load(Ordering::Relaxed) {
                return Err(self.away("its swarm is not ready"));
            }
            return refuse("the engine manages no swarm; run `docker swarm init` on its host");
        };
        if self.firewall.is_some() && !self.lists_system_calls() && has_default_list(&about) {
            return refuse(&format!(
                "the engine is older than Docker 25, and cannot give services the list of system calls that containers \
                 have; write {{\"seccomp-profile\": {:?}}} to /etc/docker/daemon.json (docs/instances.md)",
                self.profile.file()
            ));
        }
        Ok(node)
    }

    /// Returns whether services can be given a list of system calls.
    fn lists_system_calls(&self) -> bool {
        let version = self.api.client_version();
        (version.major_version, version.minor_version) >= WITH_SYSTEM_CALLS
    }

    /// Returns the id of an image: the swarm looks for newer ones of the same name in a registry.
    async fn image_id(&self, image: &str) -> Result<String, EngineError> {
        match self.api.inspect_image(image).await {
            Ok(found) => Ok(found.id.unwrap_or_else(|| image.to_owned())),
            Err(Error::DockerResponseServerError { status_code: 404, .. }) => {
                Err(EngineError::NoImage(image.to_owned()))
            }
            Err(error) => Err(self.error(error)),
        }
    }

    /// Waits until the task of a service runs. Returns the id of its container.
    async fn wait_for_task(&self, service: &str, is_wanted: IsWanted<'_>) -> Result<String, EngineError> {
        let deadline = Instant::now() + TASK_TIMEOUT;
        let filter = HashMap::from([("service".to_owned(), vec![service.to_owned()])]);
        let options = ListTasksOptionsBuilder::new().filters(&filter).build();
        loop {
            let tasks = self.api.list_tasks(Some(options.clone())).await.map_err(|error| self.error(error))?;
            let status = tasks.into_iter().next().and_then(|task: Task| task.status).unwrap_or_default();
            let why = status.err.or(status.message).unwrap_or_default();
            match status.state {
                Some(TaskState::RUNNING) => {
                    return Ok(status.container_status.and_then(|it| it.container_id).unwrap_or_default());
                }
                Some(state) if has_ended(state) => {
                    return Err(EngineError::Unwell(format!("the task of the service is {state}: {why}")));
                }
                _ if !is_wanted() => return Err(EngineError::Superseded),
                _ if Instant::now() >= deadline => {
                    let seconds = TASK_TIMEOUT.as_secs();
                    return Err(EngineError::Unwell(format!(
                        "the service did not run within {seconds} seconds: {why}"
                    )));
                }
                _ => sleep(PAUSE).await,
            }
        }
    }

    /// Returns the sessions that are services.
    pub(crate) async fn sessions_of_services(&self) -> Result<Vec<i64>, EngineError> {
        let services = self.services(&self.owner.filter()).await?;
        let session = |it: &Service| Some(labels::read(it.spec.as_ref()?.labels.as_ref())?.0);
        Ok(services.iter().filter_map(session).collect())
    }

    /// Removes the service of a session; its container follows. Returns whether there was one.
    pub(super) async fn remove_services(&self, session: i64) -> Result<bool, EngineError> {
        let services = self.services(&labels::only(self.owner.filter(), session)).await?;
        for id in services.iter().filter_map(|service| service.id.as_deref()) {
            self.gone(self.api.delete_service(id).await)?;
        }
        Ok(!services.is_empty())
    }

    async fn services(&self, filter: &HashMap<String, Vec<String>>) -> Result<Vec<Service>, EngineError> {
        if !self.swarm.is_managed.load(Ordering::Relaxed) {
            return Ok(Vec::new());
        }
        let options = ListServicesOptionsBuilder::new().filters(filter).build();
        self.api.list_services(Some(options)).await.map_err(|error| self.error(error))
    }
}

/// Returns the id of the engine's node; `None` if it manages no swarm.
fn node(about: &SystemInfo) -> Option<String> {
    let swarm = about.swarm.as_ref().filter(|swarm| swarm.control_available == Some(true))?;
    swarm.node_id.clone()
}

/// Returns whether the engine's node is in no swarm. One that has just been started is in one that is not ready.
fn has_left(about: &SystemInfo) -> bool {
    let state = about.swarm.as_ref().and_then(|swarm| swarm.local_node_state);
    state.is_none_or(|state| matches!(state, LocalNodeState::EMPTY | LocalNodeState::INACTIVE))
}

/// Returns whether the engine gives containers the list of system calls that it comes with, or none.
fn has_default_list(about: &SystemInfo) -> bool {
    let mut options = about.security_options.iter().flatten();
    let profile = options.find_map(|option| option.strip_prefix("name=seccomp,profile="));
    profile.is_none_or(|profile| ["default", "builtin", "unconfined"].contains(&profile))
}

fn has_ended(state: TaskState) -> bool {
    use TaskState::{COMPLETE, FAILED, ORPHANED, REJECTED, REMOVE, SHUTDOWN};
    matches!(state, COMPLETE | FAILED | ORPHANED | REJECTED | REMOVE | SHUTDOWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_system_calls_of_the_hosts_own_is_told_from_the_one_that_engines_come_with() {
        let about = |option: &str| SystemInfo {
            security_options: Some(vec!["name=apparmor".to_owned(), option.to_owned()]),
            ..SystemInfo::default()
        };
        // As Docker 20.10 and 25 say it.
        for option in ["name=seccomp,profile=default", "name=seccomp,profile=builtin", "name=cgroupns"] {
            assert!(has_default_list(&about(option)), "{option}");
        }
        assert!(!has_default_list(&about("name=seccomp,profile=/var/lib/challengectl-runner/seccomp.json")));
    }
}
