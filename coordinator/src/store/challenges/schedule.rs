//! The schedule of challenges: when each is due, and how its last transmission ended.

use super::SignalProfile;
use crate::store::cells::{from_json, timestamp};
use crate::store::{Connection, StoreError};
use challengectl_common::{Sender, Timestamp, Tuning};
use sqlx::FromRow;

/// An enabled challenge that is not on air, as scheduling needs it.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// The challenge.
    pub id: i64,
    /// Higher goes first.
    pub priority: i64,
    /// The earliest time at which it may go on air.
    pub due_at: Timestamp,
    /// When an operator triggered it.
    pub triggered_at: Option<Timestamp>,
    /// When it was last assigned.
    pub last_started_at: Option<Timestamp>,
    /// When its last assignment ended, whatever the outcome.
    pub last_ended_at: Option<Timestamp>,
    /// Its permitted nominal frequencies.
    pub tuning: Tuning,
    /// Duration and occupied span.
    pub profile: SignalProfile,
    /// The runners and radios that may send it; empty: any.
    pub only_on: Vec<Sender>,
}

/// Returns the enabled challenges that are not assigned. Read after each change, so it is one query: a scan of the
/// challenges with two look-ups by primary key or index for each.
pub async fn waiting(connection: &mut Connection) -> Result<Vec<Waiting>, StoreError> {
    #[derive(FromRow)]
    struct Row {
        id: i64,
        priority: i64,
        due_at: i64,
        triggered_at: Option<i64>,
        last_started_at: Option<i64>,
        last_ended_at: Option<i64>,
        tuning: String,
        duration_ms: i64,
        occupied_low: f64,
        occupied_high: f64,
        only_on: String,
    }
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, priority, due_at, triggered_at, last_started_at, last_ended_at, tuning, duration_ms,
             occupied_low, occupied_high, only_on
         FROM challenges JOIN transmission_challenges ON challenge_id = id
         WHERE enabled = 1
           AND NOT EXISTS (
               SELECT 1 FROM assignments WHERE state = 'live' AND assignments.challenge_id = challenges.id
           )",
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Waiting {
                id: row.id,
                priority: row.priority,
                due_at: Timestamp::from_millis(row.due_at),
                triggered_at: timestamp(row.triggered_at),
                last_started_at: timestamp(row.last_started_at),
                last_ended_at: timestamp(row.last_ended_at),
                tuning: from_json(&row.tuning, "tuning")?,
                profile: SignalProfile { duration_ms: row.duration_ms, occupied: row.occupied_low..row.occupied_high },
                only_on: from_json(&row.only_on, "only_on")?,
            })
        })
        .collect()
}

/// Returns the runners and radios that any challenge names in `only_on`.
pub async fn bound(connection: &mut Connection) -> Result<Vec<Sender>, StoreError> {
    let rows: Vec<String> =
        sqlx::query_scalar("SELECT DISTINCT only_on FROM transmission_challenges WHERE only_on <> '[]'")
            .fetch_all(connection)
            .await?;
    let mut bound = Vec::new();
    for row in rows {
        bound.extend(from_json::<Vec<Sender>>(&row, "only_on")?);
    }
    Ok(bound)
}

/// Makes a challenge due now and puts it before all others.
pub async fn trigger(connection: &mut Connection, id: i64, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE transmission_challenges SET due_at = CASE WHEN due_at < $1 THEN due_at ELSE $1 END,
             triggered_at = coalesce(triggered_at, $1)
         WHERE challenge_id = $2",
    )
    .bind(now.as_millis())
    .bind(id)
    .execute(connection)
    .await?;
    Ok(())
}

/// Records that a challenge is assigned. Returns the fence of the assignment.
pub async fn start(connection: &mut Connection, id: i64, now: Timestamp) -> Result<i64, StoreError> {
    let fence = sqlx::query_scalar(
        "UPDATE transmission_challenges SET fence = fence + 1, last_started_at = $1, triggered_at = NULL
         WHERE challenge_id = $2 RETURNING fence",
    )
    .bind(now.as_millis())
    .bind(id)
    .fetch_one(connection)
    .await?;
    Ok(fence)
}

/// Records a successful transmission.
pub async fn succeeded(
    connection: &mut Connection,
    id: i64,
    now: Timestamp,
    due_at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE transmission_challenges SET last_success_at = $1, last_ended_at = $1, failures = 0, due_at = $2
         WHERE challenge_id = $3",
    )
    .bind(now.as_millis())
    .bind(due_at.as_millis())
    .bind(id)
    .execute(connection)
    .await?;
    Ok(())
}

/// Records a failed transmission.
pub async fn failed(connection: &mut Connection, id: i64, now: Timestamp, due_at: Timestamp) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE transmission_challenges SET last_ended_at = $1, failures = failures + 1, due_at = $2
         WHERE challenge_id = $3",
    )
    .bind(now.as_millis())
    .bind(due_at.as_millis())
    .bind(id)
    .execute(connection)
    .await?;
    Ok(())
}

/// Records a transmission that was aborted or lapsed. The due time stays, so the challenge keeps its turn.
pub async fn cut(connection: &mut Connection, id: i64, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("UPDATE transmission_challenges SET last_ended_at = $1 WHERE challenge_id = $2")
        .bind(now.as_millis())
        .bind(id)
        .execute(connection)
        .await?;
    Ok(())
}

/// Counts the challenges whose times a correct clock could not have set: due later than `max_delay` from now, or on air
/// in the future.
pub async fn too_far(connection: &mut Connection, now: Timestamp) -> Result<i64, StoreError> {
    let far = sqlx::query_scalar(
        "SELECT count(*) FROM transmission_challenges
         WHERE due_at > $1 + max_delay_ms OR last_started_at > $1 OR last_ended_at > $1 OR triggered_at > $1",
    )
    .bind(now.as_millis())
    .fetch_one(connection)
    .await?;
    Ok(far)
}

/// A challenge that is due later than its `max_delay` from now.
#[derive(Debug, FromRow)]
#[expect(missing_docs, reason = "the columns have the same names")]
pub struct Far {
    pub id: i64,
    pub name: String,
    pub min_delay_ms: i64,
    pub max_delay_ms: i64,
}

/// Returns the challenges that are due later than their `max_delay` from now.
pub async fn far(connection: &mut Connection, now: Timestamp) -> Result<Vec<Far>, StoreError> {
    Ok(sqlx::query_as(
        "SELECT id, name, min_delay_ms, max_delay_ms FROM challenges JOIN transmission_challenges ON challenge_id = id
         WHERE due_at > $1 + max_delay_ms ORDER BY due_at",
    )
    .bind(now.as_millis())
    .fetch_all(connection)
    .await?)
}

/// Sets when a challenge is due.
pub async fn set_due(connection: &mut Connection, id: i64, due_at: Timestamp) -> Result<(), StoreError> {
    sqlx::query("UPDATE transmission_challenges SET due_at = $1 WHERE challenge_id = $2")
        .bind(due_at.as_millis())
        .bind(id)
        .execute(connection)
        .await?;
    Ok(())
}

/// Sets past events with times in the future to now: the schedule orders challenges by these times.
pub async fn pull_in(connection: &mut Connection, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE transmission_challenges SET last_started_at = min(last_started_at, $1),
             last_ended_at = min(last_ended_at, $1), triggered_at = min(triggered_at, $1)
         WHERE last_started_at > $1 OR last_ended_at > $1 OR triggered_at > $1",
    )
    .bind(now.as_millis())
    .execute(connection)
    .await?;
    Ok(())
}
