//! Late reports: those that came too late to change anything.

use crate::store::{Connection, StoreError, TransmissionStatus};
use challengectl_common::{RunnerId, Timestamp};

/// Late reports that are kept.
const MAX_LATE_REPORTS: i64 = 10_000;

/// A late report.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the columns have the same names")]
pub struct LateReport<'a> {
    pub runner_id: &'a RunnerId,
    pub challenge_id: i64,
    pub assignment_id: Option<i64>,
    pub fence: Option<i64>,
    pub outcome: TransmissionStatus,
    pub error: Option<&'a str>,
    pub reason: &'a str,
}

/// Adds a late report.
pub async fn insert_late(
    connection: &mut Connection,
    report: LateReport<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO late_reports (received_at, runner_id, challenge_id, assignment_id, fence, outcome, error, reason)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(now.as_millis())
    .bind(report.runner_id.as_str())
    .bind(report.challenge_id)
    .bind(report.assignment_id)
    .bind(report.fence)
    .bind(report.outcome.as_str())
    .bind(report.error)
    .bind(report.reason)
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes at most `most` late reports beyond the bound. Returns how many.
pub async fn trim(connection: &mut Connection, most: u32) -> Result<u64, StoreError> {
    let done = sqlx::query(
        "DELETE FROM late_reports WHERE id IN (
             SELECT id FROM late_reports WHERE id <= (SELECT max(id) FROM late_reports) - $1 ORDER BY id LIMIT $2
         )",
    )
    .bind(MAX_LATE_REPORTS)
    .bind(most)
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}
