//! Log lines of runners and of the server.

use super::history::Page;
use crate::store::cells::integer;
use crate::store::{Connection, StoreError};
use challengectl_common::Timestamp;
use sqlx::FromRow;

/// Lines that are kept.
const MAX_LINES: i64 = 100_000;
/// Bytes of messages that are kept, which bounds the database also if all lines have the greatest length.
const MAX_BYTES: i64 = 64 << 20;
/// Lines that one transaction deletes.
const BATCH: i64 = 100;

/// A new line.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the columns have the same names")]
pub struct LogLine {
    pub received_at: Timestamp,
    pub logged_at: Timestamp,
    pub source: String,
    pub level: &'static str,
    pub message: String,
}

/// Adds a line.
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

/// A stored line.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the columns have the same names")]
pub struct LogEntry {
    pub source: String,
    pub level: String,
    pub message: String,
    pub logged_at: Timestamp,
}

/// Returns a page of the lines, newest first.
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

/// Returns the number of lines.
pub async fn count(connection: &mut Connection) -> Result<u64, StoreError> {
    Ok(u64::try_from(total(connection).await?.0).unwrap_or(0))
}

/// Returns the number of lines, and the bytes of their messages.
async fn total(connection: &mut Connection) -> Result<(i64, i64), StoreError> {
    let total = "SELECT coalesce(sum(lines), 0), coalesce(sum(bytes), 0) FROM log_shares";
    Ok(sqlx::query_as(total).fetch_one(connection).await?)
}

/// Returns whether there are more lines or bytes than are kept.
pub async fn is_too_long(connection: &mut Connection) -> Result<bool, StoreError> {
    let (lines, bytes) = total(connection).await?;
    Ok(lines > MAX_LINES || bytes > MAX_BYTES)
}

/// Deletes the oldest lines of the source with the most, a batch at most, if there are more than are kept. Returns how
/// many.
pub async fn trim(connection: &mut Connection) -> Result<u64, StoreError> {
    let (lines, bytes) = total(connection).await?;
    let largest = match (lines > MAX_LINES, bytes > MAX_BYTES) {
        (true, _) => "SELECT source, lines, bytes FROM log_shares ORDER BY lines DESC LIMIT 1",
        (false, true) => "SELECT source, lines, bytes FROM log_shares ORDER BY bytes DESC LIMIT 1",
        (false, false) => return Ok(0),
    };
    let (source, own_lines, own_bytes): (String, i64, i64) =
        sqlx::query_as(largest).fetch_one(&mut *connection).await?;
    let line = (own_bytes / own_lines.max(1)).max(1);
    let excess = (lines - MAX_LINES).max((bytes - MAX_BYTES) / line + 1);
    // At most half of the source's lines, so that it does not end up with fewer than others.
    let number = excess.min(own_lines / 2 + 1).min(BATCH);
    let done = sqlx::query("DELETE FROM logs WHERE id IN (SELECT id FROM logs WHERE source = $1 ORDER BY id LIMIT $2)")
        .bind(source)
        .bind(number)
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}
