//! Known browsers: those that were logged in before. Only the digests of their tokens are stored.

use crate::store::{Connection, StoreError};
use challengectl_common::{Digest, Timestamp};

/// Adds a browser, and deletes some of those from before `oldest`.
pub async fn insert(
    connection: &mut Connection,
    digest: Digest,
    account_id: i64,
    now: Timestamp,
    oldest: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM devices WHERE digest IN (SELECT digest FROM devices WHERE created_at <= $1 LIMIT 100)")
        .bind(oldest.as_millis())
        .execute(&mut *connection)
        .await?;
    sqlx::query("INSERT INTO devices (digest, account_id, created_at) VALUES ($1, $2, $3)")
        .bind(digest.to_string())
        .bind(account_id)
        .bind(now.as_millis())
        .execute(connection)
        .await?;
    Ok(())
}

/// Returns whether the account knows this browser, from after `oldest`.
pub async fn is_known(
    connection: &mut Connection,
    digest: Digest,
    account_id: i64,
    oldest: Timestamp,
) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM devices WHERE digest = $1 AND account_id = $2 AND created_at > $3)",
    )
    .bind(digest.to_string())
    .bind(account_id)
    .bind(oldest.as_millis())
    .fetch_one(connection)
    .await?)
}
