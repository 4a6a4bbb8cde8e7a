//! Secrets of challenges, sealed.

use super::super::{Connection, StoreError};
use crate::store::cells::from_json;
use challengectl_common::Timestamp;
use challengectl_common::instance::InstanceSpec;
use sqlx::FromRow;

/// A secret, without its content.
#[derive(Debug, Clone)]
pub struct StoredSecret {
    /// The opaque id, never changed.
    pub id: String,
    /// The name.
    pub name: String,
    /// When it was last set.
    pub updated_at: Timestamp,
}

/// Returns all secrets, by name.
pub async fn all(connection: &mut Connection) -> Result<Vec<StoredSecret>, StoreError> {
    let rows: Vec<(String, String, i64)> =
        sqlx::query_as("SELECT id, name, updated_at FROM secrets ORDER BY name").fetch_all(connection).await?;
    let secret = |(id, name, at)| StoredSecret { id, name, updated_at: Timestamp::from_millis(at) };
    Ok(rows.into_iter().map(secret).collect())
}

/// A secret with its content.
#[derive(Debug, FromRow)]
pub struct SealedSecret {
    /// The name.
    pub name: String,
    /// Names the content; each new one has a greater version.
    pub version: i64,
    /// The content, sealed.
    pub content: Vec<u8>,
}

/// Returns the secret with this id; `None` if there is none.
pub async fn by_id(connection: &mut Connection, id: &str) -> Result<Option<SealedSecret>, StoreError> {
    let query = sqlx::query_as("SELECT name, version, content FROM secrets WHERE id = $1").bind(id);
    Ok(query.fetch_optional(connection).await?)
}

/// Returns the id of the secret of this name; `None` if there is none.
pub async fn id_of(connection: &mut Connection, name: &str) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar("SELECT id FROM secrets WHERE name = $1").bind(name).fetch_optional(connection).await?)
}

/// Returns the sealed content of a secret; `None` if there is none of this name.
pub async fn content(connection: &mut Connection, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let query = sqlx::query_scalar("SELECT content FROM secrets WHERE name = $1").bind(name);
    Ok(query.fetch_optional(connection).await?)
}

/// Sets a secret, which gets this id if it is new. Returns whether it is.
pub async fn put(
    connection: &mut Connection,
    id: &str,
    name: &str,
    sealed: &[u8],
    now: Timestamp,
) -> Result<bool, StoreError> {
    let is_new = content(&mut *connection, name).await?.is_none();
    sqlx::query(
        "INSERT INTO secrets (name, content, updated_at, version, id) VALUES ($1, $2, $3, $3, $4)
         ON CONFLICT (name) DO UPDATE SET content = excluded.content, updated_at = excluded.updated_at,
             version = max(version + 1, excluded.version)",
    )
    .bind(name)
    .bind(sealed)
    .bind(now.as_millis())
    .bind(id)
    .execute(connection)
    .await?;
    Ok(is_new)
}

/// Removes a secret.
pub async fn delete(connection: &mut Connection, name: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM secrets WHERE name = $1").bind(name).execute(connection).await?;
    Ok(())
}

/// Returns the slugs of the challenges, each with the names of the secrets that new instances of it get.
pub async fn uses(connection: &mut Connection) -> Result<Vec<(String, Vec<String>)>, StoreError> {
    let rows: Vec<(String, String)> = sqlx::query_as(
        "SELECT slug, spec FROM instance_challenges AS it
         JOIN instance_specs AS spec ON spec.challenge_id = it.challenge_id AND spec.version = it.version ORDER BY slug",
    )
    .fetch_all(connection)
    .await?;
    let named = rows.into_iter().map(|(slug, spec)| {
        let spec: InstanceSpec = from_json(&spec, "spec")?;
        Ok((slug, spec.secrets().cloned().collect()))
    });
    named.collect()
}
