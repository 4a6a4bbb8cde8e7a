//! Carries out the newest order of one session.

use super::super::Agent;
use super::report::{Outcome, report};
use super::{clusters, processes};
use crate::engine::{Docker, EngineError, IsWanted};
use challengectl_common::wire::instances::Order;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// Pause before an engine that did not answer is asked again.
const PAUSE: Duration = Duration::from_secs(2);

/// Carries out orders as they become due.
pub(super) async fn run(agent: Arc<Agent>) {
    loop {
        agent.instances.due.notified().await;
        for session in agent.instances.due() {
            begin(&agent, session);
        }
    }
}

/// Carries out the order of a session, unless a task is doing so; that one looks for a newer order when it is done.
fn begin(agent: &Arc<Agent>, session: i64) {
    {
        let mut sessions = agent.instances.sessions.lock();
        let Some(standing) = sessions.get_mut(&session).filter(|it| !it.is_busy && it.is_due) else { return };
        standing.is_busy = true;
    }
    let agent = Arc::clone(agent);
    tokio::spawn(async move {
        while let Some((order, offence)) = next(&agent, session) {
            carry_out(&agent, &order, offence).await;
        }
    });
}

/// Takes the newest order of a session, with what its instance is ended for; `None` if it is carried out.
fn next(agent: &Agent, session: i64) -> Option<(Order, Option<String>)> {
    let mut sessions = agent.instances.sessions.lock();
    let standing = sessions.get_mut(&session)?;
    if standing.is_due {
        standing.is_due = false;
        let mut order = standing.order.clone();
        // What was started here and answered has been seen running, also if the server does not know it yet.
        if let Some(run) = order.run.as_mut().filter(|_| standing.runs) {
            run.is_running = true;
        }
        return Some((order, standing.offence.take()));
    }
    standing.is_busy = false;
    // Nothing of it is left. If it is to be started again, an order with another fence comes. A deployment stays as long as
    // it is ordered, also while it does not run.
    if !standing.runs && !standing.order.keeps_deployment() {
        sessions.remove(&session);
    }
    None
}

async fn carry_out(agent: &Agent, order: &Order, offence: Option<String>) {
    let Some(engine) = agent.instances.engine(&order.engine_id) else {
        let reason = format!("this runner has no engine {}", order.engine_id);
        return report(agent, order, Outcome::Failed { reason, is_permanent: false });
    };
    let is_wanted = || agent.instances.is_newest(order);
    let outcome = if let Some(cluster) = engine.cluster().await {
        clusters::settle(agent, cluster, order, offence.clone()).await
    } else if let Some(processes) = engine.processes() {
        processes::settle(agent, processes, order, offence.clone(), &is_wanted).await
    } else if order.keeps_deployment() {
        // Started as the instance of a player, it would have neither its address nor its Service.
        let reason = format!("engine {} is no cluster, and keeps no deployments of teams", order.engine_id);
        Ok(Outcome::Failed { reason, is_permanent: true })
    } else {
        match engine.docker().await {
            Ok(docker) => settle(docker, order, offence.clone(), &is_wanted).await,
            Err(error) => Err(error),
        }
    };
    match outcome {
        Ok(outcome) => report(agent, order, outcome),
        // The newer order removes what is there.
        Err(EngineError::Superseded) => {}
        Err(error) => {
            match &error {
                EngineError::Lingers(_) => tracing::debug!(session = order.session_id, "{error}"),
                _ => tracing::warn!(session = order.session_id, "{error}"),
            }
            sleep(PAUSE).await;
            if let Some(standing) = agent.instances.sessions.lock().get_mut(&order.session_id) {
                (standing.is_due, standing.offence) = (true, offence);
            }
        }
    }
}

async fn settle(
    docker: &Docker,
    order: &Order,
    offence: Option<String>,
    is_wanted: IsWanted<'_>,
) -> Result<Outcome, EngineError> {
    let Some(run) = &order.run else {
        docker.remove(order.session_id).await?;
        return Ok(Outcome::Removed);
    };
    if let Some(reason) = offence {
        docker.remove(order.session_id).await?;
        return Ok(Outcome::Failed { reason, is_permanent: false });
    }
    let found = docker.list_session(order.session_id).await?;
    let is_whole = found.len() == run.containers.len();
    // One that nobody has seen running was not started to its end: the engine was killed, and the container may lack its
    // published ports (Podman 4.3).
    if run.is_running && is_whole && found.iter().all(|it| it.fence == order.fence && it.is_running) {
        let resumed = docker.resume(order, run, &found, is_wanted).await;
        return started(docker, order, resumed).await;
    }
    docker.remove(order.session_id).await?;
    if run.is_running {
        let reason = if found.is_empty() { "its containers are gone" } else { "a container has ended" };
        return Ok(Outcome::Failed { reason: reason.to_owned(), is_permanent: false });
    }
    started(docker, order, docker.start(order, run, is_wanted).await).await
}

/// Removes what has not started, unless the engine is away, or a newer order has come.
async fn started(docker: &Docker, order: &Order, first: Result<String, EngineError>) -> Result<Outcome, EngineError> {
    match first {
        Ok(first) => Ok(Outcome::Runs(first)),
        Err(error @ (EngineError::Away { .. } | EngineError::Superseded)) => Err(error),
        Err(refused) => {
            docker.remove(order.session_id).await?;
            let is_permanent = matches!(refused, EngineError::NoImage(_) | EngineError::Impossible(_));
            Ok(Outcome::Failed { reason: refused.to_string(), is_permanent })
        }
    }
}
