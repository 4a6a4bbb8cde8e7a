//! Counts for those who watch the server.

use crate::store::{Connection, StoreError};
use challengectl_common::Timestamp;

/// How many challenges there are in each state: `assigned`, `disabled`, `queued` or `waiting`.
pub async fn challenges(connection: &mut Connection, now: Timestamp) -> Result<Vec<(String, i64)>, StoreError> {
    Ok(sqlx::query_as(
        "SELECT state, count(*) FROM (
             SELECT CASE
                 WHEN EXISTS (
                     SELECT 1 FROM assignments WHERE state = 'live' AND assignments.challenge_id = challenges.id
                 ) THEN 'assigned'
                 WHEN enabled = 0 THEN 'disabled'
                 WHEN due_at <= $1 THEN 'queued'
                 ELSE 'waiting'
             END AS state FROM challenges JOIN transmission_challenges ON challenge_id = id
         ) AS states GROUP BY state",
    )
    .bind(now.as_millis())
    .fetch_all(connection)
    .await?)
}

/// The newest time of day that the database tells of; `None` when it is new.
pub async fn newest(connection: &mut Connection) -> Result<Option<Timestamp>, StoreError> {
    let newest: Option<i64> = sqlx::query_scalar(
        "SELECT max(at) FROM (
             SELECT max(last_heartbeat) AS at FROM runners
             UNION ALL SELECT max(last_started_at) FROM transmission_challenges
             UNION ALL SELECT max(last_ended_at) FROM transmission_challenges
             UNION ALL SELECT received_at FROM (SELECT received_at FROM logs ORDER BY id DESC LIMIT 1)
             UNION ALL SELECT planned_at FROM (SELECT planned_at FROM transmissions ORDER BY log_id DESC LIMIT 1)
         )",
    )
    .fetch_one(connection)
    .await?;
    Ok(newest.map(Timestamp::from_millis))
}
