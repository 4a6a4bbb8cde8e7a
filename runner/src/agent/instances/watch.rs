//! Looks at what the engines have: instances that have ended by themselves, and leftovers. Keeps the firewall rules of
//! the host in place, and ends instances that fill its disk.

use super::super::Agent;
use super::{Engine, sweep};
use crate::engine::{EngineError, Processes};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// How often the containers of an engine are listed, which takes it 8 ms.
const PERIOD: Duration = Duration::from_secs(2);

/// How often things are looked for that no engine knows, in looks at the engines. What is unknown twice is removed.
const SWEEP_EVERY: u32 = 30;

pub(super) async fn run(agent: Arc<Agent>) {
    let mut unknown = sweep::Unknown::default();
    for number in 1_u32.. {
        sleep(PERIOD).await;
        if number % SWEEP_EVERY == 0 {
            unknown = sweep::sweep(&agent, &unknown).await;
            sweep::sweep_secrets(&agent).await;
        }
        for engine in &agent.instances.engines {
            if let Err(error) = look(&agent, engine).await {
                tracing::debug!("{error}");
            }
        }
    }
}

async fn look(agent: &Arc<Agent>, engine: &Engine) -> Result<(), EngineError> {
    // Clusters are watched, and not asked again and again.
    if engine.cluster().await.is_some() {
        return Ok(());
    }
    if let Some(processes) = engine.processes() {
        return look_at_processes(agent, engine, processes).await;
    }
    let docker = engine.docker().await?;
    // Logged where it fails; what runs is looked after all the same.
    let _ = docker.keep_firewall().await;
    // Read before the list: an instance that is started meanwhile is no leftover.
    let knows_all = *agent.instances.knows_all.lock();
    let known: HashSet<i64> = agent.instances.sessions.lock().keys().copied().collect();
    let found = docker.list().await?;
    let mut running: HashMap<i64, usize> = HashMap::new();
    for container in found.iter().filter(|it| it.is_running) {
        *running.entry(container.session).or_default() += 1;
    }
    see_ended(agent, engine, &running);
    for (session, fence, why) in docker.overfull(&found).await? {
        agent.instances.end(session, fence, why);
    }
    if !knows_all {
        return Ok(());
    }
    let mut seen: HashSet<i64> = found.into_iter().map(|it| it.session).collect();
    seen.extend(docker.sessions_of_networks().await?);
    seen.extend(docker.sessions_of_services().await?);
    for session in seen.into_iter().filter(|session| !known.contains(session)) {
        let is_new = agent.instances.sessions.lock().contains_key(&session);
        if !is_new {
            tracing::warn!(session, "removing what is left of an instance");
            docker.remove(session).await?;
        }
    }
    Ok(())
}

/// As for containers: what has ended, and what nobody knows.
async fn look_at_processes(agent: &Arc<Agent>, engine: &Engine, processes: &Processes) -> Result<(), EngineError> {
    // Read before the list: what is started meanwhile is no leftover.
    let knows_all = *agent.instances.knows_all.lock();
    let known: HashSet<i64> = agent.instances.sessions.lock().keys().copied().collect();
    let running = processes.alive().into_iter().map(|session| (session, 1)).collect();
    see_ended(agent, engine, &running);
    if !knows_all {
        return Ok(());
    }
    for session in processes.sessions().into_iter().filter(|session| !known.contains(session)) {
        let is_new = agent.instances.sessions.lock().contains_key(&session);
        if !is_new {
            tracing::warn!(session, "removing what is left of a process");
            processes.remove(session).await?;
        }
    }
    Ok(())
}

/// Has the sessions of an engine looked at that ran and have fewer running containers than they should.
fn see_ended(agent: &Agent, engine: &Engine, running: &HashMap<i64, usize>) {
    let mut sessions = agent.instances.sessions.lock();
    for (id, standing) in sessions.iter_mut().filter(|(_, it)| it.order.engine_id == engine.config.id) {
        let Some(run) = &mut standing.order.run else { continue };
        let parts = run.containers.len() + usize::from(run.process.is_some());
        let is_less = running.get(id).copied().unwrap_or_default() < parts;
        if standing.runs && !standing.is_busy && is_less {
            // It is not started again without an order.
            run.is_running = true;
            (standing.is_due, standing.runs) = (true, false);
            agent.instances.due.notify_one();
        }
    }
}
