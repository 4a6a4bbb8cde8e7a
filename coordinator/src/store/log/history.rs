//! The history of transmissions: filtered, newest first, in pages; and deleting the oldest.

use crate::store::cells::{integer, timestamp};
use crate::store::{Connection, StoreError, TransmissionStatus};
use challengectl_common::Timestamp;
use sqlx::{FromRow, QueryBuilder, Sqlite};
use std::time::Duration;

/// A filter of transmissions; `None` matches all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The challenge.
    pub challenge_id: Option<i64>,
    /// The runner.
    pub runner_id: Option<String>,
    /// The status.
    pub status: Option<TransmissionStatus>,
}

/// A page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// The number of entries, at most.
    pub limit: u64,
    /// The number of entries to skip.
    pub offset: u64,
}

/// A transmission, over or not.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the columns have the same names")]
pub struct Transmission {
    pub log_id: i64,
    pub challenge_id: i64,
    pub challenge_name: String,
    pub runner_id: String,
    pub radio_id: String,
    pub frequency: u64,
    pub modulation: String,
    pub status: String,
    pub planned_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub error: Option<String>,
    pub simulated: bool,
}

/// Returns a page of the transmissions, newest first.
pub async fn list(connection: &mut Connection, filter: &Filter, page: Page) -> Result<Vec<Transmission>, StoreError> {
    #[derive(FromRow)]
    struct Row {
        log_id: i64,
        challenge_id: i64,
        challenge_name: String,
        runner_id: String,
        radio_id: String,
        frequency: i64,
        modulation: String,
        status: String,
        planned_at: i64,
        started_at: Option<i64>,
        ended_at: Option<i64>,
        error: Option<String>,
        simulated: bool,
    }
    let mut query = QueryBuilder::new(
        "SELECT log_id, challenge_id, challenge_name, runner_id, radio_id, frequency, modulation, status, planned_at,
             started_at, ended_at, error, simulated
         FROM transmissions WHERE log_id IN (SELECT log_id FROM transmissions",
    );
    // Skipped rows are looked up in an index only.
    restrict(&mut query, filter);
    query.push(" ORDER BY log_id DESC LIMIT ").push_bind(integer(page.limit));
    query.push(" OFFSET ").push_bind(integer(page.offset)).push(") ORDER BY log_id DESC");
    let rows: Vec<Row> = query.build_query_as().fetch_all(connection).await?;
    let transmission = |row: Row| Transmission {
        log_id: row.log_id,
        challenge_id: row.challenge_id,
        challenge_name: row.challenge_name,
        runner_id: row.runner_id,
        radio_id: row.radio_id,
        frequency: u64::try_from(row.frequency).unwrap_or(0),
        modulation: row.modulation,
        status: row.status,
        planned_at: Timestamp::from_millis(row.planned_at),
        started_at: timestamp(row.started_at),
        ended_at: timestamp(row.ended_at),
        error: row.error,
        simulated: row.simulated,
    };
    Ok(rows.into_iter().map(transmission).collect())
}

/// Returns the number of transmissions that pass the filter.
pub async fn count(connection: &mut Connection, filter: &Filter) -> Result<u64, StoreError> {
    let mut query = QueryBuilder::new("SELECT coalesce(sum(number), 0) FROM transmission_counts");
    restrict(&mut query, filter);
    let count: i64 = query.build_query_scalar().fetch_one(connection).await?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// Returns the number of transmissions by radios that send nothing.
pub async fn count_simulated(connection: &mut Connection) -> Result<u64, StoreError> {
    let query = "SELECT count(*) FROM transmissions WHERE simulated = 1";
    let count: i64 = sqlx::query_scalar(query).fetch_one(connection).await?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// What was sent in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Period {
    /// When it began.
    pub start: Timestamp,
    pub success: u64,
    pub failed: u64,
    pub aborted: u64,
    /// Milliseconds on air, of all radios together. A radio that only simulates is never on air.
    pub air_ms: u64,
}

/// Returns what was planned since `since`, by periods of `step` that begin at multiples of it.
pub async fn periods(connection: &mut Connection, since: Timestamp, step: Duration) -> Result<Vec<Period>, StoreError> {
    #[derive(FromRow)]
    struct Row {
        slot: i64,
        success: i64,
        failed: i64,
        aborted: i64,
        air_ms: i64,
    }
    let step = i64::try_from(step.as_millis()).unwrap_or(i64::MAX).max(1);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT planned_at / $1 AS slot,
             sum(CASE WHEN status = 'success' THEN 1 ELSE 0 END) AS success,
             sum(CASE WHEN status = 'failed' THEN 1 ELSE 0 END) AS failed,
             sum(CASE WHEN status = 'aborted' THEN 1 ELSE 0 END) AS aborted,
             coalesce(sum(CASE WHEN simulated = 0 THEN ended_at - started_at ELSE 0 END), 0) AS air_ms
         FROM transmissions WHERE planned_at >= $2 GROUP BY slot ORDER BY slot",
    )
    .bind(step)
    .bind(since.as_millis())
    .fetch_all(connection)
    .await?;
    let count = |number: i64| u64::try_from(number).unwrap_or(0);
    let period = |row: Row| Period {
        start: Timestamp::from_millis(row.slot * step),
        success: count(row.success),
        failed: count(row.failed),
        aborted: count(row.aborted),
        air_ms: count(row.air_ms),
    };
    Ok(rows.into_iter().map(period).collect())
}

fn restrict(query: &mut QueryBuilder<Sqlite>, filter: &Filter) {
    query.push(" WHERE 1 = 1");
    if let Some(id) = filter.challenge_id {
        query.push(" AND challenge_id = ").push_bind(id);
    }
    if let Some(runner) = &filter.runner_id {
        query.push(" AND runner_id = ").push_bind(runner.clone());
    }
    if let Some(status) = filter.status {
        query.push(" AND status = ").push_bind(status.as_str());
    }
}

/// Deletes at most `most` transmissions that were planned before `limit`, with their assignments. Returns how many.
pub async fn forget_before(connection: &mut Connection, limit: Timestamp, most: u32) -> Result<u64, StoreError> {
    let forgotten = sqlx::query_scalar(
        "DELETE FROM transmissions WHERE log_id IN (
             SELECT log_id FROM transmissions WHERE planned_at < $1 AND status <> 'planned' LIMIT $2
         ) RETURNING assignment_id",
    )
    .bind(limit.as_millis())
    .bind(most)
    .fetch_all(&mut *connection)
    .await?;
    forget_assignments(connection, &forgotten).await
}

/// Returns the newest transmission beyond the latest `kept`; `None` if there are no more than that.
pub async fn newest_beyond(connection: &mut Connection, kept: u64) -> Result<Option<i64>, StoreError> {
    Ok(sqlx::query_scalar("SELECT log_id FROM transmissions ORDER BY log_id DESC LIMIT 1 OFFSET $1")
        .bind(integer(kept))
        .fetch_optional(connection)
        .await?)
}

/// Deletes at most `most` transmissions up to `newest`, oldest first, with their assignments. Returns how many.
pub async fn forget_up_to(connection: &mut Connection, newest: i64, most: u32) -> Result<u64, StoreError> {
    let forgotten = sqlx::query_scalar(
        "DELETE FROM transmissions WHERE log_id IN (
             SELECT log_id FROM transmissions WHERE log_id <= $1 AND status <> 'planned' ORDER BY log_id LIMIT $2
         ) RETURNING assignment_id",
    )
    .bind(newest)
    .bind(most)
    .fetch_all(&mut *connection)
    .await?;
    forget_assignments(connection, &forgotten).await
}

async fn forget_assignments(connection: &mut Connection, ids: &[i64]) -> Result<u64, StoreError> {
    for id in ids {
        sqlx::query("DELETE FROM assignments WHERE id = $1 AND state <> 'live'")
            .bind(id)
            .execute(&mut *connection)
            .await?;
    }
    Ok(ids.len() as u64)
}
