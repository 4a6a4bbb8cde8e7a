//! What sessions have that were made over the sessions API.

use super::sessions::{Row, Session};
use crate::session::Owner;
use crate::store::cells::parse;
use crate::store::{Connection, StoreError};
use challengectl_common::wire::instances::OwnFile;
use challengectl_common::{Digest, Timestamp};
use sqlx::FromRow;

/// What such a session has, besides what all have.
#[derive(Debug, Clone, Default)]
pub struct Details {
    /// The last sign of life.
    pub last_active_at: Option<Timestamp>,
    /// The structure that the process was to open.
    pub pdb_id: Option<String>,
    /// The file of its owner.
    pub file: Option<OwnFile>,
    /// The port of the process in its own network.
    pub port: Option<u16>,
}

#[derive(FromRow)]
struct DetailsRow {
    last_active_at: i64,
    pdb_id: Option<String>,
    file_digest: Option<String>,
    file_name: Option<String>,
    port: Option<u16>,
}

/// Records what a new session is opened with.
pub async fn insert(
    connection: &mut Connection,
    session: i64,
    pdb_id: Option<&str>,
    file: Option<&OwnFile>,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO process_sessions (session_id, last_active_at, pdb_id, file_digest, file_name)
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(session)
    .bind(now.as_millis())
    .bind(pdb_id)
    .bind(file.map(|file| file.digest.to_string()))
    .bind(file.map(|file| &file.name))
    .execute(connection)
    .await?;
    Ok(())
}

/// Returns what a session has; `None` if it was not made over the sessions API.
pub async fn get(connection: &mut Connection, session: i64) -> Result<Option<Details>, StoreError> {
    let row: Option<DetailsRow> = sqlx::query_as(
        "SELECT last_active_at, pdb_id, file_digest, file_name, port FROM process_sessions WHERE session_id = $1",
    )
    .bind(session)
    .fetch_optional(connection)
    .await?;
    row.map(details).transpose()
}

fn details(row: DetailsRow) -> Result<Details, StoreError> {
    let file = match (row.file_digest, row.file_name) {
        (Some(digest), Some(name)) => Some(OwnFile { digest: parse(&digest, "digest")?, name }),
        _ => None,
    };
    let last_active_at = Some(Timestamp::from_millis(row.last_active_at));
    Ok(Details { last_active_at, pdb_id: row.pdb_id, file, port: row.port })
}

/// Returns the sessions of a front that are shown, all or those of an owner, the newest first: the live ones, and those that
/// have failed, until their owners have dismissed them or they would be idle.
pub async fn shown(
    connection: &mut Connection,
    front: &str,
    owner: Option<&Owner>,
    now: Timestamp,
) -> Result<Vec<Session>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT sessions.* FROM sessions JOIN process_sessions ON session_id = id
         WHERE front = $1 AND ($2 IS NULL OR owner = $2) AND (
             state IN ('queued', 'starting', 'running', 'lost')
             OR (state = 'failed' AND dismissed_at IS NULL AND last_active_at + coalesce(idle_ms, 0) > $3))
         ORDER BY id DESC",
    )
    .bind(front)
    .bind(owner.map(Owner::as_str))
    .bind(now.as_millis())
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Session::try_from).collect()
}

/// Returns whether a session that has failed is still shown.
pub async fn is_shown(connection: &mut Connection, session: &Session, now: Timestamp) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM sessions JOIN process_sessions ON session_id = id
             WHERE id = $1 AND state = 'failed' AND dismissed_at IS NULL
                 AND last_active_at + coalesce(idle_ms, 0) > $2)",
    )
    .bind(session.id)
    .bind(now.as_millis())
    .fetch_one(connection)
    .await?)
}

/// Records a sign of life: the time grows with each, also when the clock does not.
pub async fn touch(connection: &mut Connection, session: i64, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("UPDATE process_sessions SET last_active_at = max(last_active_at + 1, $2) WHERE session_id = $1")
        .bind(session)
        .bind(now.as_millis())
        .execute(connection)
        .await?;
    Ok(())
}

/// Records that the owner of a session that has failed has ended it. Returns `false` if that was so already.
pub async fn dismiss(connection: &mut Connection, session: i64, now: Timestamp) -> Result<bool, StoreError> {
    let done =
        sqlx::query("UPDATE process_sessions SET dismissed_at = $2 WHERE session_id = $1 AND dismissed_at IS NULL")
            .bind(session)
            .bind(now.as_millis())
            .execute(connection)
            .await?;
    Ok(done.rows_affected() == 1)
}

/// Records where the process of a session answers.
pub async fn set_port(connection: &mut Connection, session: i64, port: u16) -> Result<(), StoreError> {
    let query = sqlx::query("UPDATE process_sessions SET port = $2 WHERE session_id = $1").bind(session).bind(port);
    query.execute(connection).await?;
    Ok(())
}

/// Returns the files of sessions that are not over.
pub async fn files(connection: &mut Connection) -> Result<Vec<Digest>, StoreError> {
    let digests: Vec<String> = sqlx::query_scalar(
        "SELECT file_digest FROM process_sessions JOIN sessions ON id = session_id
         WHERE file_digest IS NOT NULL AND state IN ('queued', 'starting', 'running', 'lost', 'stopping')",
    )
    .fetch_all(connection)
    .await?;
    digests.iter().map(|digest| parse(digest, "digest")).collect()
}
