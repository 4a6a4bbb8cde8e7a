//! Carries out the newest order of one session.

use super::super::Agent;
use crate::engine::{Docker, EngineError};
use challengectl_common::wire::instances::{InstanceReport, InstanceState, Order, RunOrder};
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

/// Ends an instance that runs and has done what it may not.
pub(super) fn end(agent: &Arc<Agent>, session: i64, offence: String) {
    {
        let mut sessions = agent.instances.sessions.lock();
        let Some(standing) = sessions.get_mut(&session).filter(|it| it.runs && !it.is_busy) else { return };
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
        return Some((standing.order.clone(), standing.offence.take()));
    }
    standing.is_busy = false;
    // Nothing of it is left. If it is to be started again, an order with another fence comes.
    if !standing.runs {
        sessions.remove(&session);
    }
    None
}

async fn carry_out(agent: &Agent, order: &Order, offence: Option<String>) {
    let Some(engine) = agent.instances.engine(&order.engine_id) else {
        let reason = format!("this runner has no engine {}", order.engine_id);
        return report(agent, order, Outcome::Failed(reason));
    };
    let outcome = match engine.docker().await {
        Ok(docker) => settle(docker, order, offence.clone()).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(outcome) => report(agent, order, outcome),
        Err(error) => {
            tracing::warn!(session = order.session_id, "{error}");
            sleep(PAUSE).await;
            if let Some(standing) = agent.instances.sessions.lock().get_mut(&order.session_id) {
                (standing.is_due, standing.offence) = (true, offence);
            }
        }
    }
}

/// What came of an order.
enum Outcome {
    /// It runs; holds the id of the first container.
    Runs(String),
    Failed(String),
    Removed,
}

async fn settle(docker: &Docker, order: &Order, offence: Option<String>) -> Result<Outcome, EngineError> {
    let Some(run) = &order.run else {
        docker.remove(order.session_id).await?;
        return Ok(Outcome::Removed);
    };
    if let Some(offence) = offence {
        docker.remove(order.session_id).await?;
        return Ok(Outcome::Failed(offence));
    }
    let found = docker.list_session(order.session_id).await?;
    let is_whole = found.len() == run.containers.len();
    if is_whole && found.iter().all(|it| it.fence == order.fence && it.is_running) {
        let first = run.containers.first().map(|it| it.name.as_str());
        let first = found.into_iter().find(|it| Some(it.name.as_str()) == first).map(|it| it.id).unwrap_or_default();
        return Ok(Outcome::Runs(first));
    }
    docker.remove(order.session_id).await?;
    if run.is_running {
        let reason = if found.is_empty() { "its containers are gone" } else { "a container has ended" };
        return Ok(Outcome::Failed(reason.to_owned()));
    }
    start(docker, order, run).await
}

async fn start(docker: &Docker, order: &Order, run: &RunOrder) -> Result<Outcome, EngineError> {
    match docker.start(order, run).await {
        Ok(first) => Ok(Outcome::Runs(first)),
        Err(away @ EngineError::Away { .. }) => Err(away),
        Err(refused) => {
            docker.remove(order.session_id).await?;
            Ok(Outcome::Failed(refused.to_string()))
        }
    }
}

fn report(agent: &Agent, order: &Order, outcome: Outcome) {
    let runs = matches!(outcome, Outcome::Runs(_));
    if let Some(standing) = agent.instances.sessions.lock().get_mut(&order.session_id) {
        standing.runs = runs && standing.order.fence == order.fence;
    }
    let (state, reason, container_id) = match outcome {
        Outcome::Runs(id) => (InstanceState::Running, None, Some(id)),
        Outcome::Failed(reason) => (InstanceState::Failed, Some(cut(reason)), None),
        Outcome::Removed => (InstanceState::Removed, None, None),
    };
    match &reason {
        Some(reason) => tracing::warn!(session = order.session_id, fence = order.fence, "instance failed: {reason}"),
        None => tracing::info!(session = order.session_id, fence = order.fence, ?state, "instance"),
    }
    let (session_id, fence) = (order.session_id, order.fence);
    agent.instances.report(InstanceReport { session_id, fence, state, reason, container_id });
}

fn cut(mut reason: String) -> String {
    while reason.len() > MAX_REASON {
        reason.pop();
    }
    reason
}
