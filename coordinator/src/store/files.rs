//! Payload files. Their content is in a folder, named by its digest.

use super::cells::{integer, parse, timestamp};
use super::{Connection, StoreError};
use challengectl_common::{Digest, Timestamp};
use sqlx::FromRow;

/// A registered file.
#[derive(Debug, Clone)]
pub struct StoredFile {
    /// The digest of its content.
    pub digest: Digest,
    /// Its length in bytes.
    pub size: u64,
    /// The name under which it was first registered.
    pub name: String,
}

/// Registers a file. Returns `false` if it was registered already; then its name stays. Either way its time without use
/// begins anew: a client may be about to refer to it.
pub async fn register(connection: &mut Connection, file: &StoredFile, now: Timestamp) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO files (digest, size, name, added_at) VALUES ($1, $2, $3, $4) ON CONFLICT (digest) DO NOTHING",
    )
    .bind(file.digest.to_string())
    .bind(integer(file.size))
    .bind(&file.name)
    .bind(now.as_millis())
    .execute(&mut *connection)
    .await?;
    record_use(connection, file.digest, None).await?;
    Ok(done.rows_affected() == 1)
}

/// Returns each file, and since when no challenge uses it, as last recorded.
pub async fn unused_since(connection: &mut Connection) -> Result<Vec<(Digest, Option<Timestamp>)>, StoreError> {
    let rows: Vec<(String, Option<i64>)> =
        sqlx::query_as("SELECT digest, unused_since FROM files").fetch_all(connection).await?;
    rows.into_iter().map(|(digest, since)| Ok((parse(&digest, "digest")?, timestamp(since)))).collect()
}

/// Returns whether a file was recorded as unused before `limit` and no challenge uses it now.
pub async fn is_unused_since(
    connection: &mut Connection,
    digest: Digest,
    limit: Timestamp,
) -> Result<bool, StoreError> {
    // A digest that occurs in a challenge's text by chance keeps the file; that does no harm.
    Ok(sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM files WHERE digest = $1 AND unused_since <= $2)
            AND NOT EXISTS (SELECT 1 FROM transmission_challenges WHERE instr(payload, $1) > 0)
            AND NOT EXISTS (SELECT 1 FROM attachments WHERE kind = 'file' AND instr(content, $1) > 0)",
    )
    .bind(digest.to_string())
    .bind(limit.as_millis())
    .fetch_one(connection)
    .await?)
}

/// Records since when no challenge uses a file; `None` if one does.
pub async fn record_use(
    connection: &mut Connection,
    digest: Digest,
    unused_since: Option<Timestamp>,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE files SET unused_since = $1 WHERE digest = $2")
        .bind(unused_since.map(Timestamp::as_millis))
        .bind(digest.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// Deletes a file's registration.
pub async fn forget(connection: &mut Connection, digest: Digest) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM files WHERE digest = $1").bind(digest.to_string()).execute(connection).await?;
    Ok(())
}

#[derive(FromRow)]
struct Row {
    digest: String,
    size: i64,
    name: String,
}

impl TryFrom<Row> for StoredFile {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let size = u64::try_from(row.size).unwrap_or(0);
        Ok(Self { digest: parse(&row.digest, "digest")?, size, name: row.name })
    }
}

/// Returns all files.
pub async fn all(connection: &mut Connection) -> Result<Vec<StoredFile>, StoreError> {
    let rows: Vec<Row> =
        sqlx::query_as("SELECT digest, size, name FROM files ORDER BY digest").fetch_all(connection).await?;
    rows.into_iter().map(StoredFile::try_from).collect()
}

/// Returns the file with this digest.
pub async fn find(connection: &mut Connection, digest: Digest) -> Result<Option<StoredFile>, StoreError> {
    let row: Option<Row> = sqlx::query_as("SELECT digest, size, name FROM files WHERE digest = $1")
        .bind(digest.to_string())
        .fetch_optional(connection)
        .await?;
    row.map(StoredFile::try_from).transpose()
}
