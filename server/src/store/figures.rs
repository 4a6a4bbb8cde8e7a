//! Counts for those who watch the server.

use super::cells::{parse, timestamp};
use super::{Connection, StoreError};
use challengectl_common::{RunnerId, Timestamp};
use sqlx::FromRow;

/// A runner in numbers.
#[derive(Debug, Clone)]
pub struct RunnerFigures {
    /// Which.
    pub id: RunnerId,
    /// Whether it has registered and not signed out.
    pub online: bool,
    /// When it was last heard of.
    pub last_heartbeat: Option<Timestamp>,
    /// How many radios it has.
    pub radios: i64,
    /// How many assignments it has.
    pub live: i64,
}

/// All runners, by their ids.
///
/// # Errors
/// When the database cannot be read.
pub async fn runners(connection: &mut Connection) -> Result<Vec<RunnerFigures>, StoreError> {
    #[derive(FromRow)]
    struct Row {
        id: String,
        online: bool,
        last_heartbeat: Option<i64>,
        radios: i64,
        live: i64,
    }
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, online, last_heartbeat,
             (SELECT count(*) FROM radios WHERE runner_id = runners.id) AS radios,
             (SELECT count(*) FROM assignments WHERE state = 'live' AND runner_id = runners.id) AS live
         FROM runners ORDER BY id",
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(RunnerFigures {
                id: parse(&row.id, "runner id")?,
                online: row.online,
                last_heartbeat: timestamp(row.last_heartbeat),
                radios: row.radios,
                live: row.live,
            })
        })
        .collect()
}

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
