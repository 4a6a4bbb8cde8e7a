//! Sessions that wait, started, for their owners. The names of their owners begin with `warm:`.

use super::{Row, Session, millis};
use crate::store::{Connection, StoreError};
use challengectl_common::Timestamp;
use sqlx::FromRow;

/// A challenge whose sessions are kept warm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct Wanted {
    /// The challenge.
    pub challenge_id: i64,
    /// The version of the spec that they have.
    pub version: i64,
    /// How many.
    pub count: u32,
}

/// Returns the challenges that players see and whose policy wants warm sessions.
pub async fn wanted(connection: &mut Connection) -> Result<Vec<Wanted>, StoreError> {
    let query = sqlx::query_as(
        "SELECT challenge_id, version, policy ->> '$.warm' AS count
         FROM instance_challenges JOIN challenges ON challenges.id = challenge_id
         WHERE enabled = 1 AND policy ->> '$.warm' > 0 ORDER BY challenge_id",
    );
    Ok(query.fetch_all(connection).await?)
}

/// Returns all live ones, the oldest first.
pub async fn all(connection: &mut Connection) -> Result<Vec<Session>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT * FROM sessions WHERE owner GLOB 'warm:*' AND state IN ('queued', 'starting', 'running', 'lost')
         ORDER BY id",
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Session::try_from).collect()
}

/// Returns whether one of a version has failed since then.
pub async fn has_failed(connection: &mut Connection, wanted: &Wanted, since: Timestamp) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM sessions WHERE challenge_id = $1 AND version = $2 AND owner GLOB 'warm:*'
             AND state = 'failed' AND ended_at > $3)",
    )
    .bind(wanted.challenge_id)
    .bind(wanted.version)
    .bind(since.as_millis())
    .fetch_one(connection)
    .await?)
}

/// Gives a running one to an owner, with all that begins with that.
pub async fn adopt(connection: &mut Connection, session: &Session) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE sessions SET owner = $2, front = $3, lifetime_ms = $4, idle_ms = $5, requested_at = $6, running_at = $7,
             reap_at = $8, idle_at = $9, restarts = 0
         WHERE id = $1",
    )
    .bind(session.id)
    .bind(session.owner.as_str())
    .bind(&session.front)
    .bind(millis(session.lifetime))
    .bind(session.idle.map(millis))
    .bind(session.requested_at.as_millis())
    .bind(session.running_at.map(Timestamp::as_millis))
    .bind(session.reap_at.as_millis())
    .bind(session.idle_at.map(Timestamp::as_millis))
    .execute(connection)
    .await?;
    Ok(())
}
