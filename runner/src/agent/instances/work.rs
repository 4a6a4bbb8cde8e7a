//! Carries out the newest order of one session.

use super::super::Agent;
use super::{Standing, clusters, processes};
use crate::engine::{Answering, Docker, EngineError, IsWanted};
use challengectl_common::wire::deployments::Deployed;
use challengectl_common::wire::instances::{InstanceReport, InstanceState, Order};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// Pause before an engine that did not answer is asked again.
const PAUSE: Duration = Duration::from_secs(2);
/// The longest reason, in bytes.
const MAX_REASON: usize = 900;

/// Carries out the order of a session, unless a task is doing so; that one looks for a newer order when it is done.
pub(super) fn begin(agent: &Arc<Agent>, session: i64) {
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

/// Has a session looked at again.
pub(super) fn wake(agent: &Arc<Agent>, session: i64) {
    if let Some(standing) = agent.instances.sessions.lock().get_mut(&session) {
        standing.is_due = true;
    }
    begin(agent, session);
}

/// Ends an instance that runs, by the order with this fence, and has done what it may not or is not well.
pub(super) fn end(agent: &Arc<Agent>, session: i64, fence: i64, offence: String) {
    {
        let mut sessions = agent.instances.sessions.lock();
        let is_it = |it: &&mut Standing| it.runs && !it.is_busy && it.order.fence == fence;
        let Some(standing) = sessions.get_mut(&session).filter(is_it) else { return };
        (standing.is_due, standing.runs, standing.offence) = (true, false, Some(offence));
    }
    begin(agent, session);
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

/// What came of an order.
pub(super) enum Outcome {
    /// It runs; holds the id of the first container.
    Runs(String),
    /// Its process runs.
    Answers(Answering),
    /// `is_permanent`: another start would fail as well.
    Failed {
        reason: String,
        is_permanent: bool,
    },
    Removed,
    /// How a deployment stands, why it does not run, and what its cluster shows.
    Deployed(InstanceState, Option<String>, Deployed),
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

pub(super) fn report(agent: &Agent, order: &Order, outcome: Outcome) {
    let runs = matches!(outcome, Outcome::Runs(_) | Outcome::Answers(_));
    if let Some(standing) = agent.instances.sessions.lock().get_mut(&order.session_id) {
        standing.runs = runs && standing.order.fence == order.fence;
    }
    let permanent = matches!(outcome, Outcome::Failed { is_permanent: true, .. });
    let port = if let Outcome::Answers(answering) = &outcome { Some(answering.port) } else { None };
    let deployed = if let Outcome::Deployed(_, _, deployed) = &outcome { Some(deployed.clone()) } else { None };
    let (state, reason, container_id) = match outcome {
        Outcome::Answers(Answering { pid, .. }) => (InstanceState::Running, None, Some(format!("process {pid}"))),
        Outcome::Runs(id) => (InstanceState::Running, None, Some(id)),
        Outcome::Failed { reason, .. } => (InstanceState::Failed, Some(cut(reason)), None),
        Outcome::Removed => (InstanceState::Removed, None, None),
        Outcome::Deployed(state, reason, _) => (state, reason.map(cut), None),
    };
    let (session_id, fence) = (order.session_id, order.fence);
    let report = InstanceReport { session_id, fence, state, reason, permanent, container_id, port, deployed };
    if !is_news(agent, &report) {
        return;
    }
    match &report.reason {
        Some(reason) => tracing::warn!(session = session_id, fence, ?state, "instance: {reason}"),
        None => tracing::info!(session = session_id, fence, ?state, "instance"),
    }
    agent.instances.report(report);
}

/// Returns whether a report says more than the one before. Only deployments are reported again and again.
fn is_news(agent: &Agent, report: &InstanceReport) -> bool {
    let mut sessions = agent.instances.sessions.lock();
    let Some(standing) = sessions.get_mut(&report.session_id).filter(|_| report.deployed.is_some()) else {
        return true;
    };
    standing.reported.replace(report.clone()).as_ref() != Some(report)
}

fn cut(mut reason: String) -> String {
    while reason.len() > MAX_REASON {
        reason.pop();
    }
    reason
}
