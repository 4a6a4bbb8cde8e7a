//! Log lines of runners and of the server.

use super::cells::integer;
use super::history::Page;
use super::{Connection, StoreError};
use challengectl_common::Timestamp;
use sqlx::FromRow;

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

/// A line that was kept.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the columns have the same names")]
pub struct LogEntry {
    pub source: String,
    pub level: String,
    pub message: String,
    pub logged_at: Timestamp,
}

/// The lines of a page, newest first.
///
/// # Errors
/// When the database cannot be read.
pub async fn list(connection: &mut Connection, page: Page) -> Result<Vec<LogEntry>, StoreError> {
    #[derive(FromRow)]
    struct Row {
        source: String,
        level: String,
        message: String,
        logged_at: i64,
    }
    let rows: Vec<Row> =
        sqlx::query_as("SELECT source, level, message, logged_at FROM logs ORDER BY id DESC LIMIT $1 OFFSET $2")
            .bind(integer(page.limit))
            .bind(integer(page.offset))
            .fetch_all(connection)
            .await?;
    let entry = |Row { source, level, message, logged_at }| {
        let logged_at = Timestamp::from_millis(logged_at);
        LogEntry { source, level, message, logged_at }
    };
    Ok(rows.into_iter().map(entry).collect())
}

/// How many lines there are.
///
/// # Errors
/// When the database cannot be read.
pub async fn count(connection: &mut Connection) -> Result<u64, StoreError> {
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM logs").fetch_one(connection).await?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// Forgets all but the latest.
///
/// # Errors
/// When the database cannot be written to.
pub async fn trim(connection: &mut Connection) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM logs WHERE id <= (SELECT max(id) FROM logs) - $1").bind(KEPT).execute(connection).await?;
    Ok(())
}
