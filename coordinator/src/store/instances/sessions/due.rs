//! Sessions whose time is over.

use super::{Row, Session};
use crate::store::{Connection, StoreError};
use challengectl_common::Timestamp;

/// Returns live sessions that are due to be reaped, the longest due first.
pub async fn to_reap(connection: &mut Connection, now: Timestamp, limit: u32) -> Result<Vec<Session>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT * FROM sessions WHERE state IN ('queued', 'starting', 'running', 'lost') AND reap_at <= $1
         ORDER BY reap_at LIMIT $2",
    )
    .bind(now.as_millis())
    .bind(limit)
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Session::try_from).collect()
}

/// Returns live sessions whose owners have given no sign of life for too long, the longest due first. The time before
/// `since`, in which nobody could have given one, does not count.
pub async fn idle(
    connection: &mut Connection,
    now: Timestamp,
    since: Timestamp,
    limit: u32,
) -> Result<Vec<Session>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT * FROM sessions
         WHERE state IN ('queued', 'starting', 'running', 'lost') AND idle_at IS NOT NULL AND idle_at <= $1
             AND idle_ms <= $1 - $2
         ORDER BY idle_at LIMIT $3",
    )
    .bind(now.as_millis())
    .bind(since.as_millis())
    .bind(limit)
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Session::try_from).collect()
}
