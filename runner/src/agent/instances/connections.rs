//! Carries connections of the server to the REST interfaces of processes. The runner opens each, since the server cannot
//! reach it; a connection that is lost with a restart is opened anew by the next request.

use super::super::Agent;
use crate::engine::EngineError;
use challengectl_common::wire::instances::ConnectionOrder;
use challengectl_host::websocket::{self, Role};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Time until a connection is carried: the server waits as long.
const OPEN_TIMEOUT: Duration = Duration::from_secs(10);

/// Opens a connection, and carries it in a task of its own.
pub(super) fn begin(agent: &Arc<Agent>, order: ConnectionOrder) {
    let agent = Arc::clone(agent);
    tokio::spawn(async move {
        if let Err(error) = carry(&agent, &order).await {
            tracing::debug!(session = order.session_id, "carrying a connection: {error:#}");
        }
    });
}

async fn carry(agent: &Agent, order: &ConnectionOrder) -> anyhow::Result<()> {
    let opened = timeout(OPEN_TIMEOUT, open(agent, order.session_id)).await;
    // Told to the server by the end of what it waits for, and not only by its time.
    let process = match opened.map_err(anyhow::Error::from).and_then(|opened| Ok(opened?)) {
        Ok(process) => Some(process),
        Err(error) => {
            tracing::debug!(session = order.session_id, "connecting to a process: {error:#}");
            None
        }
    };
    let server = timeout(OPEN_TIMEOUT, agent.api.connection(order.connection_id)).await??;
    if let Some(process) = process {
        websocket::carry(server, Role::Client, process).await;
    }
    Ok(())
}

async fn open(agent: &Agent, session: i64) -> Result<TcpStream, EngineError> {
    let engine = {
        let sessions = agent.instances.sessions.lock();
        sessions.get(&session).map(|standing| standing.order.engine_id.clone())
    };
    let engine = engine.and_then(|id| agent.instances.engine(&id)).and_then(|engine| engine.processes());
    let processes = engine.ok_or_else(|| EngineError::Refused("there is no such process".to_owned()))?;
    Ok(processes.connect(session).await?)
}
