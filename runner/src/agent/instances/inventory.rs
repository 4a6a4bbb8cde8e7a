//! Says what the engines have: their images, for those who write challenges.

use super::super::Agent;
use super::Engine;
use crate::engine::{EngineError, KnownPorts};
use challengectl_common::wire::inventories::Inventory;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// How often engines are asked: an author sees an image this long after its build.
const PERIOD: Duration = Duration::from_secs(5);
/// How often an inventory is sent that is the same as before: another server may answer now.
const AGAIN: Duration = Duration::from_secs(60);

/// What is known of an engine.
#[derive(Default)]
struct Last {
    ports: KnownPorts,
    sent: Option<(Inventory, Instant)>,
}

pub(super) async fn run(agent: Arc<Agent>) {
    let mut last: Vec<Last> = agent.instances.engines.iter().map(|_| Last::default()).collect();
    loop {
        agent.linked().await;
        for (engine, last) in agent.instances.engines.iter().zip(&mut last) {
            // The loop that looks at containers logs that an engine is away.
            if let Ok(inventory) = look(engine, last).await {
                send(&agent, inventory, last).await;
            }
        }
        sleep(PERIOD).await;
    }
}

async fn look(engine: &Engine, last: &mut Last) -> Result<Inventory, EngineError> {
    let engine_id = engine.config.id.clone();
    if let Some(cluster) = engine.cluster().await {
        return Ok(Inventory { engine_id, swarm: false, images: cluster?.images().await? });
    }
    let docker = engine.docker().await?;
    let (images, swarm) = (docker.images(&mut last.ports).await?, docker.manages_swarm().await?);
    Ok(Inventory { engine_id, swarm, images })
}

async fn send(agent: &Agent, inventory: Inventory, last: &mut Last) {
    let is_known = |(sent, at): &(Inventory, Instant)| *sent == inventory && at.elapsed() < AGAIN;
    if last.sent.as_ref().is_some_and(is_known) {
        return;
    }
    match agent.api.inventory(&inventory).await {
        Ok(_) => last.sent = Some((inventory, Instant::now())),
        Err(error) => tracing::debug!("sending an inventory: {error}"),
    }
}
