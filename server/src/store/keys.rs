//! Keys of runners, of which only the digests are known.

use super::cells::parse;
use super::{Connection, StoreError};
use challengectl_common::{Digest, RunnerId, Timestamp};
use sqlx::FromRow;

/// A key that is in force.
#[derive(Debug, Clone)]
pub struct Key {
    /// The public part, by which it is found.
    pub key_id: String,
    /// The digest of the secret part.
    pub digest: Digest,
    /// Whose it is.
    pub runner_id: RunnerId,
    /// The digest of what the machine said of itself that it was made for. None: it is bound to no machine.
    pub machine: Option<Digest>,
}

/// All keys in force.
///
/// # Errors
/// When the database cannot be read.
pub async fn in_force(connection: &mut Connection) -> Result<Vec<Key>, StoreError> {
    #[derive(FromRow)]
    struct Row {
        key_id: String,
        digest: String,
        runner_id: String,
        machine: Option<String>,
    }
    let rows: Vec<Row> =
        sqlx::query_as("SELECT key_id, digest, runner_id, machine FROM runner_keys WHERE revoked_at IS NULL")
            .fetch_all(connection)
            .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Key {
                key_id: row.key_id,
                digest: parse(&row.digest, "digest")?,
                runner_id: parse(&row.runner_id, "runner id")?,
                machine: row.machine.map(|machine| parse(&machine, "machine")).transpose()?,
            })
        })
        .collect()
}

/// Adds a key.
///
/// # Errors
/// When the database cannot be written to.
pub async fn insert(connection: &mut Connection, key: &Key, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO runner_keys (key_id, digest, runner_id, machine, created_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(&key.key_id)
        .bind(key.digest.to_string())
        .bind(key.runner_id.as_str())
        .bind(key.machine.map(|machine| machine.to_string()))
        .bind(now.as_millis())
        .execute(connection)
        .await?;
    Ok(())
}

/// Revokes all keys of a runner.
///
/// # Errors
/// When the database cannot be written to.
pub async fn revoke(connection: &mut Connection, runner: &RunnerId, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("UPDATE runner_keys SET revoked_at = $1 WHERE runner_id = $2 AND revoked_at IS NULL")
        .bind(now.as_millis())
        .bind(runner.as_str())
        .execute(connection)
        .await?;
    Ok(())
}
