//! Sessions that wait for an engine with room. Those of slots are placed with their challenge, and are not among them.

use super::{Row, Session};
use crate::store::{Connection, StoreError};

/// Returns how many wait.
pub async fn length(connection: &mut Connection) -> Result<u32, StoreError> {
    Ok(sqlx::query_scalar("SELECT count(*) FROM sessions WHERE state = 'queued' AND owner NOT GLOB 'slot:*'")
        .fetch_one(connection)
        .await?)
}

/// Returns those that are next: an owner with fewer sessions first, then the oldest. Each of several that an owner has in
/// the queue counts as one more than the one before.
pub async fn next(connection: &mut Connection, limit: u32) -> Result<Vec<Session>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT sessions.* FROM sessions JOIN (
             SELECT id, row_number() OVER (PARTITION BY owner ORDER BY id) + (
                 SELECT count(*) FROM sessions AS own
                 WHERE own.owner = waiting.owner AND state IN ('queued', 'starting', 'running', 'lost')
                     AND state <> 'queued'
             ) AS turn
             FROM sessions AS waiting WHERE state = 'queued' AND owner NOT GLOB 'slot:*'
         ) AS turns ON turns.id = sessions.id
         ORDER BY turn, sessions.id LIMIT $1",
    )
    .bind(limit)
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Session::try_from).collect()
}
