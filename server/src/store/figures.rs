//! Counts for those who watch the server.

use super::{Connection, StoreError};
use challengectl_common::Timestamp;

/// How many challenges there are in each state: `assigned`, `disabled`, `queued` or `waiting`.
///
/// # Errors
/// When the database cannot be read.
pub async fn challenges(connection: &mut Connection, now: Timestamp) -> Result<Vec<(String, i64)>, StoreError> {
    Ok(sqlx::query_as(
        "SELECT state, count(*) FROM (
             SELECT CASE
                 WHEN EXISTS (SELECT 1 FROM assignments WHERE state = 'live' AND challenge_id = challenges.id)
                     THEN 'assigned'
                 WHEN enabled = 0 THEN 'disabled'
                 WHEN due_at <= $1 THEN 'queued'
                 ELSE 'waiting'
             END AS state FROM challenges
         ) AS states GROUP BY state",
    )
    .bind(now.as_millis())
    .fetch_all(connection)
    .await?)
}
