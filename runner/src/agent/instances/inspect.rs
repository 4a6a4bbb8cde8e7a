//! Looks at instances for operators.

use super::super::Agent;
use super::processes;
use crate::engine::EngineError;
use challengectl_common::wire::inspections::{Inspection, InspectionAnswer};
use std::sync::Arc;

/// The longest reason, in characters.
const MAX_REASON: usize = 900;

/// Looks, in a task of its own: neither orders nor other inspections wait for it.
pub(super) fn begin(agent: &Arc<Agent>, inspection: Inspection) {
    let agent = Arc::clone(agent);
    tokio::spawn(async move {
        let answer = match look(&agent, &inspection).await {
            Ok(answer) => answer,
            Err(error) => InspectionAnswer {
                inspection_id: inspection.inspection_id,
                output: None,
                exit_code: None,
                reason: Some(error.to_string().chars().take(MAX_REASON).collect()),
            },
        };
        // Its operator asks again if it is lost.
        if let Err(error) = agent.api.inspected(&answer).await {
            tracing::debug!("answering an inspection: {error}");
        }
    });
}

async fn look(agent: &Agent, inspection: &Inspection) -> Result<InspectionAnswer, EngineError> {
    let engine = agent.instances.engine(&inspection.engine_id);
    let engine = engine.ok_or_else(|| EngineError::Refused(format!("there is no engine {}", inspection.engine_id)))?;
    if let Some(cluster) = engine.cluster().await {
        return cluster?.inspect(inspection).await;
    }
    match engine.processes() {
        Some(processes) => processes::inspect(processes, inspection),
        None => engine.docker().await?.inspect(inspection).await,
    }
}
