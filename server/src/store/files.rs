//! Files that challenges put on air. Their content lies in a folder, named by its digest.

use super::cells::{integer, parse};
use super::{Connection, StoreError};
use challengectl_common::{Digest, Timestamp};
use sqlx::FromRow;

/// A file that is known.
#[derive(Debug, Clone)]
pub struct StoredFile {
    /// Its content.
    pub digest: Digest,
    /// Bytes.
    pub size: u64,
    /// What it was first called.
    pub name: String,
}

/// Makes a file known; false when it was already, then its name stays.
///
/// # Errors
/// When the database cannot be written to.
pub async fn register(connection: &mut Connection, file: &StoredFile, now: Timestamp) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO files (digest, size, name, added_at) VALUES ($1, $2, $3, $4) ON CONFLICT (digest) DO NOTHING",
    )
    .bind(file.digest.to_string())
    .bind(integer(file.size))
    .bind(&file.name)
    .bind(now.as_millis())
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
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

/// All files.
///
/// # Errors
/// When the database cannot be read.
pub async fn all(connection: &mut Connection) -> Result<Vec<StoredFile>, StoreError> {
    let rows: Vec<Row> =
        sqlx::query_as("SELECT digest, size, name FROM files ORDER BY digest").fetch_all(connection).await?;
    rows.into_iter().map(StoredFile::try_from).collect()
}

/// The file with that content.
///
/// # Errors
/// When the database cannot be read.
pub async fn find(connection: &mut Connection, digest: Digest) -> Result<Option<StoredFile>, StoreError> {
    let row: Option<Row> = sqlx::query_as("SELECT digest, size, name FROM files WHERE digest = $1")
        .bind(digest.to_string())
        .fetch_optional(connection)
        .await?;
    row.map(StoredFile::try_from).transpose()
}
