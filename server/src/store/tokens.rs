//! One-time enrolment tokens, of which only the digests are known.

use super::cells::parse;
use super::{Connection, StoreError};
use challengectl_common::{Digest, RunnerId, Timestamp};

/// Adds a token for a runner.
///
/// # Errors
/// When the database cannot be written to.
pub async fn insert(
    connection: &mut Connection,
    digest: Digest,
    runner: &RunnerId,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO enrollment_tokens (digest, runner_id, created_at, expires_at) VALUES ($1, $2, $3, $4)")
        .bind(digest.to_string())
        .bind(runner.as_str())
        .bind(now.as_millis())
        .bind(expires_at.as_millis())
        .execute(connection)
        .await?;
    Ok(())
}

/// Makes all tokens of a runner useless.
///
/// # Errors
/// When the database cannot be written to.
pub async fn revoke(connection: &mut Connection, runner: &RunnerId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM enrollment_tokens WHERE runner_id = $1 AND used_at IS NULL")
        .bind(runner.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

/// Uses a token up and tells whom it was for; none when it is unknown, used or expired. One statement, so that of two
/// who use it at once only one succeeds.
///
/// # Errors
/// When the database cannot be written to.
pub async fn take(connection: &mut Connection, digest: Digest, now: Timestamp) -> Result<Option<RunnerId>, StoreError> {
    let runner: Option<String> = sqlx::query_scalar(
        "UPDATE enrollment_tokens SET used_at = $1
         WHERE digest = $2 AND used_at IS NULL AND expires_at > $1 RETURNING runner_id",
    )
    .bind(now.as_millis())
    .bind(digest.to_string())
    .fetch_optional(connection)
    .await?;
    runner.map(|id| parse(&id, "runner id")).transpose()
}
