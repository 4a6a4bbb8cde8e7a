//! Alarms, in force and over, with how operators have marked them.

use crate::store::cells::{integer, timestamp};
use crate::store::{Connection, StoreError};
use challengectl_common::Timestamp;
use sqlx::FromRow;

/// A stored alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAlarm {
    /// Counts the alarms, in the order in which they began.
    pub number: u64,
    /// The name of its kind.
    pub kind: String,
    /// The runner, its radio or the challenge; empty for the server itself.
    pub subject: String,
    /// What is wrong, and the way out.
    pub message: String,
    /// When it began.
    pub since: Timestamp,
    /// When it is over by itself; `None`: it lasts as long as its condition.
    pub ends_at: Option<Timestamp>,
    /// When it was over; `None`: it is in force.
    pub over_at: Option<Timestamp>,
    /// How operators have marked it.
    pub marks: Marks,
}

/// The marks of an alarm, for everyone to see.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// Who acknowledged it first.
    pub acknowledged: Option<Mark>,
    /// Who shelved it.
    pub shelved: Option<Shelved>,
}

/// Who set a mark, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Mark {
    pub by: String,
    pub at: Timestamp,
}

/// The mark of an alarm that is hidden for everyone for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shelved {
    /// Who did it, and when.
    pub mark: Mark,
    /// When it is shown again.
    pub until: Timestamp,
    /// Why, for the next shift.
    pub reason: String,
}

/// Writes an alarm, or its changes.
pub async fn put(connection: &mut Connection, alarm: &StoredAlarm) -> Result<(), StoreError> {
    let Marks { acknowledged, shelved } = &alarm.marks;
    sqlx::query(
        "INSERT INTO alarms (number, kind, subject, message, since, ends_at, over_at, acknowledged_by, acknowledged_at,
             shelved_by, shelved_at, shelved_until, shelved_reason)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         ON CONFLICT (number) DO UPDATE SET message = excluded.message, ends_at = excluded.ends_at,
             over_at = excluded.over_at, acknowledged_by = excluded.acknowledged_by,
             acknowledged_at = excluded.acknowledged_at, shelved_by = excluded.shelved_by,
             shelved_at = excluded.shelved_at, shelved_until = excluded.shelved_until,
             shelved_reason = excluded.shelved_reason",
    )
    .bind(integer(alarm.number))
    .bind(&alarm.kind)
    .bind(&alarm.subject)
    .bind(&alarm.message)
    .bind(alarm.since.as_millis())
    .bind(alarm.ends_at.map(Timestamp::as_millis))
    .bind(alarm.over_at.map(Timestamp::as_millis))
    .bind(acknowledged.as_ref().map(|mark| &mark.by))
    .bind(acknowledged.as_ref().map(|mark| mark.at.as_millis()))
    .bind(shelved.as_ref().map(|shelved| &shelved.mark.by))
    .bind(shelved.as_ref().map(|shelved| shelved.mark.at.as_millis()))
    .bind(shelved.as_ref().map(|shelved| shelved.until.as_millis()))
    .bind(shelved.as_ref().map(|shelved| &shelved.reason))
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes all alarms that are over but the latest `kept`.
pub async fn trim(connection: &mut Connection, kept: u64) -> Result<(), StoreError> {
    sqlx::query(
        "DELETE FROM alarms WHERE over_at IS NOT NULL AND number NOT IN (
             SELECT number FROM alarms WHERE over_at IS NOT NULL ORDER BY over_at DESC, number DESC LIMIT $1
         )",
    )
    .bind(integer(kept))
    .execute(connection)
    .await?;
    Ok(())
}

/// Returns all alarms: those that are over in the order in which they were, and those in force.
pub async fn all(connection: &mut Connection) -> Result<Vec<StoredAlarm>, StoreError> {
    #[derive(FromRow)]
    struct Row {
        number: i64,
        kind: String,
        subject: String,
        message: String,
        since: i64,
        ends_at: Option<i64>,
        over_at: Option<i64>,
        acknowledged_by: Option<String>,
        acknowledged_at: Option<i64>,
        shelved_by: Option<String>,
        shelved_at: Option<i64>,
        shelved_until: Option<i64>,
        shelved_reason: Option<String>,
    }
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT number, kind, subject, message, since, ends_at, over_at, acknowledged_by, acknowledged_at, shelved_by,
             shelved_at, shelved_until, shelved_reason
         FROM alarms ORDER BY over_at, number",
    )
    .fetch_all(connection)
    .await?;
    let shelved = |by, at, until: Option<i64>, reason: Option<String>| {
        Some(Shelved { mark: mark(by, at)?, until: timestamp(until)?, reason: reason? })
    };
    let alarm = |row: Row| StoredAlarm {
        number: u64::try_from(row.number).unwrap_or(0),
        kind: row.kind,
        subject: row.subject,
        message: row.message,
        since: Timestamp::from_millis(row.since),
        ends_at: timestamp(row.ends_at),
        over_at: timestamp(row.over_at),
        marks: Marks {
            acknowledged: mark(row.acknowledged_by, row.acknowledged_at),
            shelved: shelved(row.shelved_by, row.shelved_at, row.shelved_until, row.shelved_reason),
        },
    };
    Ok(rows.into_iter().map(alarm).collect())
}

fn mark(by: Option<String>, at: Option<i64>) -> Option<Mark> {
    Some(Mark { by: by?, at: timestamp(at)? })
}
