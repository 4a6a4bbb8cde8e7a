//! Runner keys. Only their digests are stored.

use crate::store::cells::parse;
use crate::store::{Connection, StoreError};
use challengectl_common::{Digest, Life, RunnerId, Timestamp};
use sqlx::FromRow;

/// The latest registration of a runner with one of its keys. Clients that name no life share one, which every named
/// life follows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Registered {
    /// The life of its program.
    pub life: Option<Life>,
    /// The number of the registration within that life.
    pub registration: Option<i64>,
}

/// A valid key.
#[derive(Debug, Clone)]
pub struct Key {
    /// The public part, by which it is found.
    pub key_id: String,
    /// The digest of the secret part.
    pub digest: Digest,
    /// The runner.
    pub runner_id: RunnerId,
    /// The digest of the identity of the machine that it was made for; `None`: it is bound to no machine.
    pub machine: Option<Digest>,
    /// The latest registration with it.
    pub registered: Registered,
}

/// Returns all valid keys.
pub async fn in_force(connection: &mut Connection) -> Result<Vec<Key>, StoreError> {
    #[derive(FromRow)]
    struct Row {
        key_id: String,
        digest: String,
        runner_id: String,
        machine: Option<String>,
        life: Option<i64>,
        registration: Option<i64>,
    }
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT key_id, digest, runner_id, machine, life, registration FROM runner_keys WHERE revoked_at IS NULL",
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Key {
                key_id: row.key_id,
                digest: parse(&row.digest, "digest")?,
                runner_id: parse(&row.runner_id, "runner id")?,
                machine: row.machine.map(|machine| parse(&machine, "machine")).transpose()?,
                registered: Registered { life: row.life.and_then(Life::new), registration: row.registration },
            })
        })
        .collect()
}

/// Adds a key.
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
pub async fn revoke(connection: &mut Connection, runner: &RunnerId, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("UPDATE runner_keys SET revoked_at = $1 WHERE runner_id = $2 AND revoked_at IS NULL")
        .bind(now.as_millis())
        .bind(runner.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

/// Records the latest registration with a key.
pub async fn set_registered(
    connection: &mut Connection,
    key_id: &str,
    registered: Registered,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE runner_keys SET life = $1, registration = $2 WHERE key_id = $3")
        .bind(registered.life.map(Life::number))
        .bind(registered.registration)
        .bind(key_id)
        .execute(connection)
        .await?;
    Ok(())
}
