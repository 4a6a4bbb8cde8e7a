//! Recovery codes. Only their digests are stored.

use crate::store::{Connection, StoreError};
use challengectl_common::Digest;

/// Adds a code.
pub async fn insert(connection: &mut Connection, account_id: i64, digest: Digest) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO recovery_codes (account_id, digest) VALUES ($1, $2)")
        .bind(account_id)
        .bind(digest.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// Uses up a code. Returns `false` if the account does not have it.
pub async fn take(connection: &mut Connection, account_id: i64, digest: Digest) -> Result<bool, StoreError> {
    let taken = sqlx::query("DELETE FROM recovery_codes WHERE account_id = $1 AND digest = $2")
        .bind(account_id)
        .bind(digest.to_string())
        .execute(connection)
        .await?;
    Ok(taken.rows_affected() == 1)
}

/// Deletes all codes of an account.
pub async fn clear(connection: &mut Connection, account_id: i64) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM recovery_codes WHERE account_id = $1").bind(account_id).execute(connection).await?;
    Ok(())
}
