//! Logins of players. Only the digests of their tokens are stored.

use crate::store::cells::parse;
use crate::store::{Connection, StoreError};
use challengectl_common::{Digest, Timestamp};

/// The digests of the tokens that are valid for a login, and until when.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub struct Tokens {
    pub access: Digest,
    pub access_until: Timestamp,
    pub refresh: Digest,
    pub expires_at: Timestamp,
}

/// A login, found by the family of a refresh token.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub struct Login {
    pub id: i64,
    pub account_id: i64,
    pub refresh: Digest,
    /// The refresh token before it, and when it was replaced.
    pub replaced: Option<(Digest, Timestamp)>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

/// A row of [`of_family`].
type Row = (i64, i64, String, Option<String>, Option<i64>, i64, i64);

/// Adds a login.
pub async fn insert(
    connection: &mut Connection,
    account_id: i64,
    family: Digest,
    tokens: Tokens,
    now: Timestamp,
    from_address: Option<&str>,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO player_logins (account_id, family, refresh, access, access_until, created_at, expires_at,
             from_address)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(account_id)
    .bind(family.to_string())
    .bind(tokens.refresh.to_string())
    .bind(tokens.access.to_string())
    .bind(tokens.access_until.as_millis())
    .bind(now.as_millis())
    .bind(tokens.expires_at.as_millis())
    .bind(from_address)
    .execute(connection)
    .await?;
    Ok(())
}

/// Returns the login of this family.
pub async fn of_family(connection: &mut Connection, family: Digest) -> Result<Option<Login>, StoreError> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT id, account_id, refresh, replaced, refreshed_at, created_at, expires_at FROM player_logins
         WHERE family = $1",
    )
    .bind(family.to_string())
    .fetch_optional(connection)
    .await?;
    let read = |(id, account_id, refresh, replaced, refreshed_at, created_at, expires_at): Row| {
        let replaced = replaced.map(|digest| parse(&digest, "digest")).transpose()?;
        Ok(Login {
            id,
            account_id,
            refresh: parse(&refresh, "digest")?,
            replaced: replaced.zip(refreshed_at.map(Timestamp::from_millis)),
            created_at: Timestamp::from_millis(created_at),
            expires_at: Timestamp::from_millis(expires_at),
        })
    };
    row.map(read).transpose()
}

/// Replaces the tokens of a login.
pub async fn rotate(connection: &mut Connection, id: i64, tokens: Tokens, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE player_logins SET replaced = refresh, refreshed_at = $1, access = $2, access_until = $3, refresh = $4,
             expires_at = $5
         WHERE id = $6",
    )
    .bind(now.as_millis())
    .bind(tokens.access.to_string())
    .bind(tokens.access_until.as_millis())
    .bind(tokens.refresh.to_string())
    .bind(tokens.expires_at.as_millis())
    .bind(id)
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends a login.
pub async fn delete(connection: &mut Connection, id: i64) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM player_logins WHERE id = $1").bind(id).execute(connection).await?;
    Ok(())
}

/// Ends all logins of an account, except `but`.
pub async fn end_of_account(connection: &mut Connection, account_id: i64, but: Option<i64>) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM player_logins WHERE account_id = $1 AND id <> coalesce($2, 0)")
        .bind(account_id)
        .bind(but)
        .execute(connection)
        .await?;
    Ok(())
}

/// Expired logins that one new login deletes: more than one, so that they become fewer.
const BATCH: u32 = 100;

/// Deletes some expired logins, and the oldest of an account beyond `most`.
pub async fn trim(connection: &mut Connection, account_id: i64, most: u32, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM player_logins WHERE id IN (SELECT id FROM player_logins WHERE expires_at <= $1 LIMIT $2)")
        .bind(now.as_millis())
        .bind(BATCH)
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "DELETE FROM player_logins WHERE id IN
             (SELECT id FROM player_logins WHERE account_id = $1 ORDER BY id DESC LIMIT -1 OFFSET $2)",
    )
    .bind(account_id)
    .bind(most)
    .execute(connection)
    .await?;
    Ok(())
}
