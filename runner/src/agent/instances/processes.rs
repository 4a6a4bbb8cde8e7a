//! Carries out orders for processes.

use super::super::Agent;
use super::report::Outcome;
use crate::api::ApiError;
use crate::engine::{EngineError, IsWanted, NO_EVENTS, ProcessError, Processes};
use challengectl_common::Hasher;
use challengectl_common::wire::inspections::{Inspection, InspectionAnswer, MAX_OUTPUT, Subject};
use challengectl_common::wire::instances::{Order, OwnFile, ProcessOrder};
use std::path::Path;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

/// Bytes of a file of an owner, at most: the server's limit is below.
const MAX_FILE: u64 = 1 << 30;

/// Time for the file of an owner: 10 MiB at 2 Mbit/s.
const FETCH_TIMEOUT: Duration = Duration::from_secs(40);

/// Makes of a session what its order says. A process that has ended is not started again: what it had in memory is lost, and
/// its owner is told.
pub(super) async fn settle(
    agent: &Agent,
    processes: &Processes,
    order: &Order,
    offence: Option<String>,
    is_wanted: IsWanted<'_>,
) -> Result<Outcome, EngineError> {
    let failed = |reason: String| Ok(Outcome::Failed { reason, is_permanent: true });
    let Some(run) = &order.run else {
        processes.remove(order.session_id).await?;
        return Ok(Outcome::Removed);
    };
    let Some(process) = &run.process else {
        return failed("the order has no process, which is all that this engine starts".to_owned());
    };
    if let Some(reason) = offence {
        processes.remove(order.session_id).await?;
        return failed(reason);
    }
    let answers = match processes.resume(order, process, is_wanted).await {
        Some(resumed) => resumed,
        None => {
            let how = processes.end_of(order.session_id);
            processes.remove(order.session_id).await?;
            if run.is_running {
                return failed(how.unwrap_or_else(|| "its process is gone".to_owned()));
            }
            begin(agent, processes, order, process, is_wanted).await
        }
    };
    match answers {
        Ok(answering) => Ok(Outcome::Answers(answering)),
        Err(error @ (ProcessError::Ended(_) | ProcessError::Unable(_))) => {
            processes.remove(order.session_id).await?;
            failed(error.to_string())
        }
        Err(error) => {
            // Nothing half-started stays; the order is tried again, or another one has come.
            processes.remove(order.session_id).await?;
            Err(error.into())
        }
    }
}

async fn begin(
    agent: &Agent,
    processes: &Processes,
    order: &Order,
    process: &ProcessOrder,
    is_wanted: IsWanted<'_>,
) -> Result<crate::engine::Answering, ProcessError> {
    let place = processes.prepare(order)?;
    if let Some(file) = &process.file {
        let fetched = timeout(FETCH_TIMEOUT, fetch(agent, file, &place)).await;
        fetched.map_err(|_| ProcessError::Host("the file of the session did not arrive in time".to_owned()))??;
    }
    processes.start(order, process, is_wanted).await
}

/// Fetches the file of the owner. It is not kept in the cache: it ends with the session.
async fn fetch(agent: &Agent, file: &OwnFile, place: &Path) -> Result<(), ProcessError> {
    let away = |error: &dyn std::fmt::Display| ProcessError::Host(format!("fetching the file of the session: {error}"));
    let mut response = agent.api.file(&file.digest, 0).await.map_err(|error| match error {
        error if !error.may_pass() => ProcessError::Ended(format!("the file of the session: {error}")),
        error => away(&error),
    })?;
    let mut copy = tokio::fs::File::create(place).await.map_err(|error| away(&error))?;
    let (mut hasher, mut size) = (Hasher::default(), 0);
    while let Some(part) = response.chunk().await.map_err(|error| away(&ApiError::from(error)))? {
        size += part.len() as u64;
        if size > MAX_FILE {
            return Err(ProcessError::Ended(format!("the file of the session has more than {MAX_FILE} bytes")));
        }
        hasher.update(&part);
        copy.write_all(&part).await.map_err(|error| away(&error))?;
    }
    copy.flush().await.map_err(|error| away(&error))?;
    if hasher.finish() != file.digest {
        return Err(away(&"the content has another digest"));
    }
    Ok(())
}

/// Looks at a process: at what it has printed. Commands are for its REST interface.
pub(super) fn inspect(processes: &Processes, inspection: &Inspection) -> Result<InspectionAnswer, EngineError> {
    let refused = |why: &str| Err(EngineError::Refused(why.to_owned()));
    let lines = match inspection.subject {
        Subject::Output(lines) => lines,
        Subject::Events => return refused(NO_EVENTS),
        Subject::Command(_) => {
            return refused("a process runs no commands of operators; send them to its REST interface");
        }
    };
    let printed = processes.printed(inspection.session_id)?;
    let text: String = printed.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    let count = text.lines().count();
    let skipped = count.saturating_sub(usize::try_from(lines).unwrap_or(usize::MAX));
    let mut output: String = text.lines().skip(skipped).flat_map(|line| [line, "\n"]).collect();
    let from = output.ceil_char_boundary(output.len().saturating_sub(MAX_OUTPUT));
    output.drain(..from);
    let inspection_id = inspection.inspection_id;
    Ok(InspectionAnswer { inspection_id, output: Some(output), exit_code: None, reason: None })
}
