//! The audit log: who changed what.

use super::history::Page;
use crate::store::cells::integer;
use crate::store::{Connection, StoreError};
use challengectl_common::Timestamp;
use sqlx::FromRow;

/// A new row.
#[derive(Debug, Clone, Copy)]
pub struct AuditRow<'a> {
    /// When.
    pub at: Timestamp,
    /// The actor's name.
    pub who: &'a str,
    /// The action.
    pub what: &'a str,
    /// The target.
    pub target: &'a str,
    /// The address of the request, if it came over the network.
    pub from_address: Option<&'a str>,
    /// Further details.
    pub details: Option<&'a str>,
}

/// Adds a row.
pub async fn insert(connection: &mut Connection, row: AuditRow<'_>) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO audit (at, who, what, target, from_address, details) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(row.at.as_millis())
        .bind(row.who)
        .bind(row.what)
        .bind(row.target)
        .bind(row.from_address)
        .bind(row.details)
        .execute(connection)
        .await?;
    Ok(())
}

/// A stored row.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the fields of the row that was added")]
pub struct AuditEntry {
    pub id: i64,
    pub at: Timestamp,
    pub who: String,
    pub what: String,
    pub target: String,
    pub from_address: Option<String>,
    pub details: Option<String>,
}

/// Returns a page of the rows, newest first.
pub async fn list(connection: &mut Connection, page: Page) -> Result<Vec<AuditEntry>, StoreError> {
    #[derive(FromRow)]
    struct Row {
        id: i64,
        at: i64,
        who: String,
        what: String,
        target: String,
        from_address: Option<String>,
        details: Option<String>,
    }
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, at, who, what, target, from_address, details FROM audit ORDER BY id DESC LIMIT $1 OFFSET $2",
    )
    .bind(integer(page.limit))
    .bind(integer(page.offset))
    .fetch_all(connection)
    .await?;
    let entry = |row: Row| AuditEntry {
        id: row.id,
        at: Timestamp::from_millis(row.at),
        who: row.who,
        what: row.what,
        target: row.target,
        from_address: row.from_address,
        details: row.details,
    };
    Ok(rows.into_iter().map(entry).collect())
}

/// Returns the number of rows.
pub async fn count(connection: &mut Connection) -> Result<u64, StoreError> {
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM audit").fetch_one(connection).await?;
    Ok(u64::try_from(count).unwrap_or(0))
}
