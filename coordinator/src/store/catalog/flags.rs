//! Flags, one by one. `crate::store::flags` has them by challenge.

use crate::store::flags::{StoredFlag, mode};
use crate::store::{Connection, StoreError};
use sqlx::FromRow;

/// A flag with its number.
#[derive(Debug, Clone)]
pub struct NumberedFlag {
    /// The id, never reused.
    pub id: i64,
    /// Its challenge.
    pub challenge_id: i64,
    /// The flag.
    pub flag: StoredFlag,
}

#[derive(FromRow)]
struct Row {
    id: i64,
    challenge_id: i64,
    part: u16,
    share: u32,
    mode: String,
    content: Vec<u8>,
}

impl TryFrom<Row> for NumberedFlag {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let flag = StoredFlag { part: row.part, share: row.share, mode: mode(&row.mode)?, content: row.content };
        Ok(Self { id: row.id, challenge_id: row.challenge_id, flag })
    }
}

/// Returns the flags, in the order in which they were added; with a challenge its own alone.
pub async fn all(connection: &mut Connection, challenge: Option<i64>) -> Result<Vec<NumberedFlag>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, challenge_id, part, share, mode, content FROM flags
         WHERE $1 IS NULL OR challenge_id = $1 ORDER BY id",
    )
    .bind(challenge)
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(NumberedFlag::try_from).collect()
}

/// Returns a flag; `None` if there is none with this id.
pub async fn get(connection: &mut Connection, id: i64) -> Result<Option<NumberedFlag>, StoreError> {
    let row: Option<Row> =
        sqlx::query_as("SELECT id, challenge_id, part, share, mode, content FROM flags WHERE id = $1")
            .bind(id)
            .fetch_optional(connection)
            .await?;
    row.map(NumberedFlag::try_from).transpose()
}

/// Adds a flag. Returns its id.
pub async fn insert(connection: &mut Connection, challenge: i64, flag: &StoredFlag) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar(
        "INSERT INTO flags (challenge_id, part, share, mode, content) VALUES ($1, $2, $3, $4, $5) RETURNING id",
    )
    .bind(challenge)
    .bind(flag.part)
    .bind(flag.share)
    .bind(flag.mode.as_str())
    .bind(&flag.content)
    .fetch_one(connection)
    .await?)
}

/// Replaces a flag.
pub async fn update(connection: &mut Connection, id: i64, flag: &StoredFlag) -> Result<(), StoreError> {
    sqlx::query("UPDATE flags SET part = $2, share = $3, mode = $4, content = $5 WHERE id = $1")
        .bind(id)
        .bind(flag.part)
        .bind(flag.share)
        .bind(flag.mode.as_str())
        .bind(&flag.content)
        .execute(connection)
        .await?;
    Ok(())
}

/// Removes a flag.
pub async fn delete(connection: &mut Connection, id: i64) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM flags WHERE id = $1").bind(id).execute(connection).await?;
    Ok(())
}
