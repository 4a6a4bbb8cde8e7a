//! The audit log: who changed what.

use super::history::Page;
use crate::store::cells::integer;
use crate::store::{Connection, StoreError};
use challengectl_common::Timestamp;
use sqlx::FromRow;

/// Whose actions are meant. Those of players have a list of their own: thousands of them would hide the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// People who run the event.
    Staff,
    /// Those who play.
    Players,
}

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
    /// Whose action it is.
    pub of: Whose,
}

/// Adds a row.
pub async fn insert(connection: &mut Connection, row: AuditRow<'_>) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO audit (at, who, what, target, from_address, details, of_player) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
        .bind(row.at.as_millis())
        .bind(row.who)
        .bind(row.what)
        .bind(row.target)
        .bind(row.from_address)
        .bind(row.details)
        .bind(row.of == Whose::Players)
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

/// Returns a page of the rows, newest first: those of the staff, or those of players.
pub async fn list(connection: &mut Connection, whose: Whose, page: Page) -> Result<Vec<AuditEntry>, StoreError> {
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
        "SELECT id, at, who, what, target, from_address, details FROM audit WHERE of_player = $1
         ORDER BY id DESC LIMIT $2 OFFSET $3",
    )
    .bind(whose == Whose::Players)
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

/// Returns the number of rows of the staff, or of players.
pub async fn count(connection: &mut Connection, whose: Whose) -> Result<u64, StoreError> {
    let count = sqlx::query_scalar("SELECT count(*) FROM audit WHERE of_player = $1").bind(whose == Whose::Players);
    let count: i64 = count.fetch_one(connection).await?;
    Ok(u64::try_from(count).unwrap_or(0))
}
