//! Log lines that runners sent.

use super::{Connection, StoreError};
use challengectl_common::Timestamp;

/// How many are kept.
const KEPT: i64 = 100_000;

/// A line to be kept.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the columns have the same names")]
pub struct LogLine {
    pub received_at: Timestamp,
    pub logged_at: Timestamp,
    pub source: String,
    pub level: &'static str,
    pub message: String,
}

/// Keeps a line.
///
/// # Errors
/// When the database cannot be written to.
pub async fn insert(connection: &mut Connection, line: &LogLine) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO logs (received_at, logged_at, source, level, message) VALUES ($1, $2, $3, $4, $5)")
        .bind(line.received_at.as_millis())
        .bind(line.logged_at.as_millis())
        .bind(&line.source)
        .bind(line.level)
        .bind(&line.message)
        .execute(connection)
        .await?;
    Ok(())
}

/// Forgets all but the latest.
///
/// # Errors
/// When the database cannot be written to.
pub async fn trim(connection: &mut Connection) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM logs WHERE id <= (SELECT max(id) FROM logs) - $1").bind(KEPT).execute(connection).await?;
    Ok(())
}
