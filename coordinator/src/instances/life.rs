//! The life of a session: from when it counts, and what it leaves.

use super::Session;
use crate::CoreError;
use crate::session::SessionState;
use crate::store::Connection;
use crate::store::instances::ports;
use challengectl_common::Timestamp;
use std::time::Duration;

/// One that has run for so long is started again as often as at first: over three days an engine may be restarted more
/// often than a broken image is worth trying.
const STEADY: Duration = Duration::from_secs(600);

/// Returns whether its last start has run for long.
pub(super) fn is_steady(session: &Session, now: Timestamp) -> bool {
    let runs = session.state != SessionState::Starting;
    runs && session.runs_since.is_some_and(|since| since.after(STEADY) <= now)
}

/// Its life counts from the moment at which it runs first.
pub(super) fn begin_life(session: &mut Session, before: SessionState, now: Timestamp) {
    if before == SessionState::Starting {
        session.runs_since = Some(now);
    }
    if session.running_at.is_none() {
        session.running_at = Some(now);
        session.reap_at = now.after(session.lifetime);
        session.idle_at = session.idle.map(|idle| now.after(idle));
    }
}

/// Frees what a session had.
pub(crate) async fn end(transaction: &mut Connection, session: &mut Session, now: Timestamp) -> Result<(), CoreError> {
    session.ended_at = Some(now);
    session.outcome.get_or_insert_with(|| "failed".to_owned());
    Ok(ports::free(transaction, session.id).await?)
}
