//! Setup: the one-time token for the first account. Only its digest is stored.

use crate::store::{Connection, StoreError};
use challengectl_common::{Digest, Timestamp};

/// Returns whether there is no account yet, except players and one that was made by setup and has given no code.
pub async fn is_needed(connection: &mut Connection) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar(
        "SELECT NOT EXISTS (
             SELECT 1 FROM accounts
             WHERE role <> 'player' AND id NOT IN (SELECT account_id FROM setup WHERE account_id IS NOT NULL)
         )",
    )
    .fetch_one(connection)
    .await?)
}

/// Replaces the setup token.
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

/// Returns whether this is the valid token.
pub async fn is_open(connection: &mut Connection, digest: Digest) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM setup WHERE digest = $1)")
        .bind(digest.to_string())
        .fetch_one(connection)
        .await?)
}

/// Deletes the unconfirmed account of an earlier setup, since setup begins anew.
pub async fn discard(connection: &mut Connection) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM accounts WHERE id IN (SELECT account_id FROM setup)").execute(connection).await?;
    Ok(())
}

/// Records which account was made by setup.
pub async fn made(connection: &mut Connection, account_id: i64) -> Result<(), StoreError> {
    sqlx::query("UPDATE setup SET account_id = $1").bind(account_id).execute(connection).await?;
    Ok(())
}

/// Ends setup: its token becomes invalid.
pub async fn close(connection: &mut Connection) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM setup").execute(connection).await?;
    Ok(())
}
