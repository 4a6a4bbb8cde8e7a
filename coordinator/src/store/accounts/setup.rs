//! The way to the first account: a one-time token, of which only the digest is known.

use crate::store::{Connection, StoreError};
use challengectl_common::{Digest, Timestamp};

/// Whether there is no account yet, other than one that was made by setup and has shown no code.
pub async fn is_needed(connection: &mut Connection) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar(
        "SELECT NOT EXISTS (
             SELECT 1 FROM accounts WHERE id NOT IN (SELECT account_id FROM setup WHERE account_id IS NOT NULL)
         )",
    )
    .fetch_one(connection)
    .await?)
}

/// Puts this token in the place of the one before.
pub async fn open(connection: &mut Connection, digest: Digest, now: Timestamp) -> Result<(), StoreError> {
    let account: Option<Option<i64>> =
        sqlx::query_scalar("SELECT account_id FROM setup").fetch_optional(&mut *connection).await?;
    close(connection).await?;
    sqlx::query("INSERT INTO setup (digest, account_id, created_at) VALUES ($1, $2, $3)")
        .bind(digest.to_string())
        .bind(account.flatten())
        .bind(now.as_millis())
        .execute(connection)
        .await?;
    Ok(())
}

/// Whether this is the token.
pub async fn is_open(connection: &mut Connection, digest: Digest) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM setup WHERE digest = $1)")
        .bind(digest.to_string())
        .fetch_one(connection)
        .await?)
}

/// Removes the account that was made by setup before, since somebody begins anew.
pub async fn discard(connection: &mut Connection) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM accounts WHERE id IN (SELECT account_id FROM setup)").execute(connection).await?;
    Ok(())
}

/// Notes which account was made by setup.
pub async fn made(connection: &mut Connection, account_id: i64) -> Result<(), StoreError> {
    sqlx::query("UPDATE setup SET account_id = $1").bind(account_id).execute(connection).await?;
    Ok(())
}

/// Ends setup.
pub async fn close(connection: &mut Connection) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM setup").execute(connection).await?;
    Ok(())
}
