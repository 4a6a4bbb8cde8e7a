//! Enrollment tokens. Only their digests are stored.

use crate::store::cells::{integer, parse, timestamp};
use crate::store::log::history::Page;
use crate::store::{Connection, StoreError};
use challengectl_common::{Digest, RunnerId, Timestamp};
use sqlx::FromRow;

/// A new token.
#[derive(Debug, Clone, Copy)]
pub struct NewToken<'a> {
    /// The digest of the token.
    pub digest: Digest,
    /// The runner that it is for.
    pub runner: &'a RunnerId,
    /// Whether it is valid for a runner that is enrolled already.
    pub replaces: bool,
    /// The actor's name.
    pub created_by: &'a str,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// A token, for people.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the columns have the same names")]
pub struct Token {
    /// The beginning of the digest: it identifies the token and is of no use to enroll.
    pub id: String,
    pub runner_id: RunnerId,
    pub created_by: Option<String>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub used_at: Option<Timestamp>,
}

/// The rights of a used token.
#[derive(Debug)]
pub struct Used {
    /// The runner that it is for.
    pub runner_id: RunnerId,
    /// Whether it is valid for a runner that is enrolled already.
    pub replaces: bool,
}

/// Adds a token for a runner.
pub async fn insert(connection: &mut Connection, token: NewToken<'_>) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO enrollment_tokens (digest, runner_id, replaces, created_by, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(token.digest.to_string())
    .bind(token.runner.as_str())
    .bind(token.replaces)
    .bind(token.created_by)
    .bind(token.created_at.as_millis())
    .bind(token.expires_at.as_millis())
    .execute(connection)
    .await?;
    Ok(())
}

/// Returns a page of the tokens, newest first.
pub async fn list(connection: &mut Connection, page: Page) -> Result<Vec<Token>, StoreError> {
    #[derive(FromRow)]
    struct Row {
        id: String,
        runner_id: String,
        created_by: Option<String>,
        created_at: i64,
        expires_at: i64,
        used_at: Option<i64>,
    }
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT substr(digest, 1, 16) AS id, runner_id, created_by, created_at, expires_at, used_at
         FROM enrollment_tokens ORDER BY created_at DESC, digest LIMIT $1 OFFSET $2",
    )
    .bind(integer(page.limit))
    .bind(integer(page.offset))
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Token {
                id: row.id,
                runner_id: parse(&row.runner_id, "runner id")?,
                created_by: row.created_by,
                created_at: Timestamp::from_millis(row.created_at),
                expires_at: Timestamp::from_millis(row.expires_at),
                used_at: timestamp(row.used_at),
            })
        })
        .collect()
}

/// Returns the number of tokens.
pub async fn count(connection: &mut Connection) -> Result<u64, StoreError> {
    let number: i64 = sqlx::query_scalar("SELECT count(*) FROM enrollment_tokens").fetch_one(connection).await?;
    Ok(number.unsigned_abs())
}

/// Revokes all unused tokens of a runner.
pub async fn revoke(connection: &mut Connection, runner: &RunnerId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM enrollment_tokens WHERE runner_id = $1 AND used_at IS NULL")
        .bind(runner.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

/// Revokes all unused tokens that this actor has made.
pub async fn revoke_made_by(connection: &mut Connection, who: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM enrollment_tokens WHERE created_by = $1 AND used_at IS NULL")
        .bind(who)
        .execute(connection)
        .await?;
    Ok(())
}

/// Revokes an unused token. Returns its runner; `None` if there is no unused token with this id.
pub async fn revoke_one(connection: &mut Connection, id: &str) -> Result<Option<RunnerId>, StoreError> {
    let runner: Option<String> = sqlx::query_scalar(
        "DELETE FROM enrollment_tokens WHERE substr(digest, 1, 16) = $1 AND used_at IS NULL RETURNING runner_id",
    )
    .bind(id)
    .fetch_optional(connection)
    .await?;
    runner.map(|id| parse(&id, "runner id")).transpose()
}

/// Deletes at most `most` tokens that were used or expired before `limit`. Returns how many.
pub async fn trim(connection: &mut Connection, limit: Timestamp, most: u32) -> Result<u64, StoreError> {
    let done = sqlx::query(
        "DELETE FROM enrollment_tokens WHERE digest IN (
             SELECT digest FROM enrollment_tokens WHERE coalesce(used_at, expires_at) < $1 LIMIT $2
         )",
    )
    .bind(limit.as_millis())
    .bind(most)
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// Returns whether a token is valid now.
pub async fn is_valid(connection: &mut Connection, digest: Digest, now: Timestamp) -> Result<bool, StoreError> {
    let found: Option<i64> =
        sqlx::query_scalar("SELECT 1 FROM enrollment_tokens WHERE digest = $1 AND used_at IS NULL AND expires_at > $2")
            .bind(digest.to_string())
            .bind(now.as_millis())
            .fetch_optional(connection)
            .await?;
    Ok(found.is_some())
}

/// Uses up a token. Returns its rights; `None` if it is unknown, used or expired. One statement, so that of two
/// concurrent uses only one succeeds.
pub async fn take(connection: &mut Connection, digest: Digest, now: Timestamp) -> Result<Option<Used>, StoreError> {
    let row: Option<(String, bool)> = sqlx::query_as(
        "UPDATE enrollment_tokens SET used_at = $1
         WHERE digest = $2 AND used_at IS NULL AND expires_at > $1 RETURNING runner_id, replaces",
    )
    .bind(now.as_millis())
    .bind(digest.to_string())
    .fetch_optional(connection)
    .await?;
    row.map(|(id, replaces)| Ok(Used { runner_id: parse(&id, "runner id")?, replaces })).transpose()
}
