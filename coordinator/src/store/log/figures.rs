//! Figures for the metrics.

use crate::store::{Connection, StoreError};
use challengectl_common::Timestamp;
use sqlx::FromRow;

/// Challenges with equal values in everything that decides their state.
#[derive(FromRow)]
pub struct Group {
    /// Whether they are assigned now.
    pub live: bool,
    /// Whether they are enabled.
    pub enabled: bool,
    /// Whether they are due.
    pub due: bool,
    /// Their number.
    pub count: i64,
}

/// Counts the challenges by what decides their state.
pub async fn challenges(connection: &mut Connection, now: Timestamp) -> Result<Vec<Group>, StoreError> {
    Ok(sqlx::query_as(
        "SELECT live, enabled, due, count(*) AS count FROM (
             SELECT enabled, due_at <= $1 AS due, EXISTS (
                 SELECT 1 FROM assignments WHERE state = 'live' AND assignments.challenge_id = challenges.id
             ) AS live
             FROM challenges JOIN transmission_challenges ON challenge_id = id
         ) AS challenges_now GROUP BY live, enabled, due",
    )
    .bind(now.as_millis())
    .fetch_all(connection)
    .await?)
}

/// Returns the newest time of day in the database; `None` if it is new.
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
