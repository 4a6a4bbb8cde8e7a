//! Provisioning keys. Only their digests are stored.

use crate::store::cells::{parse, timestamp};
use crate::store::{Connection, StoreError};
use challengectl_common::{Digest, ProvisioningKeyId, Timestamp};
use sqlx::FromRow;

/// A new key.
#[derive(Debug, Clone, Copy)]
pub struct NewKey<'a> {
    /// The public part, by which it is found.
    pub id: &'a ProvisioningKeyId,
    /// The digest of the secret part.
    pub digest: Digest,
    /// Its description.
    pub description: Option<&'a str>,
    /// The actor's name.
    pub created_by: &'a str,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A key as people see it.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the columns have the same names")]
pub struct ProvisioningKey {
    pub id: ProvisioningKeyId,
    pub description: Option<String>,
    pub enabled: bool,
    pub created_by: String,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
}

/// Adds a key. Returns `false` if the id is taken.
pub async fn insert(connection: &mut Connection, key: NewKey<'_>) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO provisioning_keys (key_id, digest, description, created_by, created_at)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (key_id) DO NOTHING",
    )
    .bind(key.id.as_str())
    .bind(key.digest.to_string())
    .bind(key.description)
    .bind(key.created_by)
    .bind(key.created_at.as_millis())
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Returns all keys by their ids.
pub async fn all(connection: &mut Connection) -> Result<Vec<ProvisioningKey>, StoreError> {
    #[derive(FromRow)]
    struct Row {
        key_id: String,
        description: Option<String>,
        enabled: bool,
        created_by: String,
        created_at: i64,
        last_used_at: Option<i64>,
    }
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT key_id, description, enabled, created_by, created_at, last_used_at FROM provisioning_keys
         ORDER BY key_id",
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(ProvisioningKey {
                id: parse(&row.key_id, "provisioning key id")?,
                description: row.description,
                enabled: row.enabled,
                created_by: row.created_by,
                created_at: Timestamp::from_millis(row.created_at),
                last_used_at: timestamp(row.last_used_at),
            })
        })
        .collect()
}

/// Returns the digest of the secret part of an enabled key.
pub async fn digest_of(connection: &mut Connection, id: &ProvisioningKeyId) -> Result<Option<Digest>, StoreError> {
    let digest: Option<String> =
        sqlx::query_scalar("SELECT digest FROM provisioning_keys WHERE key_id = $1 AND enabled = 1")
            .bind(id.as_str())
            .fetch_optional(connection)
            .await?;
    digest.map(|digest| parse(&digest, "digest")).transpose()
}

/// Records a use of an enabled key. Returns `false` if there is none with this id and digest.
pub async fn note_use(
    connection: &mut Connection,
    id: &ProvisioningKeyId,
    digest: Digest,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let done =
        sqlx::query("UPDATE provisioning_keys SET last_used_at = $1 WHERE key_id = $2 AND digest = $3 AND enabled = 1")
            .bind(now.as_millis())
            .bind(id.as_str())
            .bind(digest.to_string())
            .execute(connection)
            .await?;
    Ok(done.rows_affected() == 1)
}

/// Enables or disables a key. Returns `false` if it does not exist.
pub async fn set_enabled(
    connection: &mut Connection,
    id: &ProvisioningKeyId,
    enabled: bool,
) -> Result<bool, StoreError> {
    let done = sqlx::query("UPDATE provisioning_keys SET enabled = $1 WHERE key_id = $2")
        .bind(enabled)
        .bind(id.as_str())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Deletes a key. Returns `false` if it does not exist.
pub async fn delete(connection: &mut Connection, id: &ProvisioningKeyId) -> Result<bool, StoreError> {
    let done =
        sqlx::query("DELETE FROM provisioning_keys WHERE key_id = $1").bind(id.as_str()).execute(connection).await?;
    Ok(done.rows_affected() == 1)
}
