//! Removes what killed engines have left on the host and no longer know.

use super::super::Agent;
use super::Engine;
use crate::engine::{EngineError, bridges, strays};
use std::collections::HashSet;

/// What no engine knows.
#[derive(Default)]
pub(super) struct Unknown {
    bridges: HashSet<String>,
    containers: HashSet<String>,
}

/// Removes what was unknown before and still is. Returns what is unknown now: nothing, unless all engines answer.
pub(super) async fn sweep(agent: &Agent, before: &Unknown) -> Unknown {
    match unknown(agent).await {
        Ok(now) => {
            end_strays(agent, now.containers.intersection(&before.containers).collect()).await;
            for bridge in now.bridges.intersection(&before.bridges) {
                match bridges::remove(bridge).await {
                    Ok(true) => tracing::warn!(bridge, "removed a bridge that no engine knows"),
                    Ok(false) => {}
                    Err(error) => tracing::warn!("{error}"),
                }
            }
            now
        }
        Err(error) => {
            tracing::debug!("{error}");
            Unknown::default()
        }
    }
}

/// Removes secrets that a start has left in a swarm whose runner was killed.
pub(super) async fn sweep_secrets(agent: &Agent) {
    for docker in agent.instances.engines.iter().filter_map(Engine::connected) {
        if let Err(error) = docker.remove_unused_secrets().await {
            tracing::debug!("{error}");
        }
    }
}

async fn unknown(agent: &Agent) -> Result<Unknown, EngineError> {
    let Some(owner) = agent.instances.owner.clone() else { return Ok(Unknown::default()) };
    // Without an engine that could know them, all would be unknown, also those of another runner on this host.
    if !agent.instances.engines.iter().any(Engine::is_docker) {
        return Ok(Unknown::default());
    }
    // Read before the engines are asked: what one makes meanwhile is known.
    let (bridges, containers) = (bridges::all(), blocking(move || strays::containers(&owner)).await?);
    let mut unknown = Unknown { bridges, containers };
    for engine in agent.instances.engines.iter().filter(|engine| engine.is_docker()) {
        if unknown.bridges.is_empty() && unknown.containers.is_empty() {
            break;
        }
        let docker = engine.docker().await?;
        let known = docker.bridges().await?;
        unknown.bridges.retain(|bridge| !known.contains(bridge));
        for container in docker.list().await? {
            unknown.containers.remove(&container.id);
        }
    }
    Ok(unknown)
}

/// Ends the processes of containers.
async fn end_strays(agent: &Agent, containers: Vec<&String>) {
    let Some(owner) = agent.instances.owner.clone().filter(|_| !containers.is_empty()) else { return };
    tracing::warn!(?containers, "ending the processes of containers that no engine knows");
    let containers: HashSet<String> = containers.into_iter().cloned().collect();
    match blocking(move || strays::end(&owner, &containers)).await {
        Ok(true) => {}
        Ok(false) => tracing::warn!("some of these processes are still there"),
        Err(error) => tracing::warn!("{error}"),
    }
}

/// Runs what reads all processes of the host beside the other tasks.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, EngineError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| EngineError::Refused(error.to_string()))
}
