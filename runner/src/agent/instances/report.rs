//! Reports what came of orders.

use super::super::Agent;
use crate::engine::Answering;
use challengectl_common::wire::deployments::Deployed;
use challengectl_common::wire::instances::{InstanceReport, InstanceState, Order};

/// The longest reason, in bytes.
const MAX_REASON: usize = 900;

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
