//! The operators' decisions on the operating state.

use crate::store::cells::timestamp;
use crate::store::{Connection, StoreError};
use challengectl_common::Timestamp;
use sqlx::FromRow;

/// The operators' decisions in force.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Control {
    /// A pause: nothing is handed out until it is lifted.
    pub paused: Option<Decision>,
    /// An emergency stop: nothing is handed out until it is released.
    pub stopped: Option<Decision>,
    /// The release of the latest emergency stop.
    pub released: Option<Decision>,
    /// The latest resume outside of the conference's hours.
    pub opened: Option<Decision>,
}

/// A decision: its actor and time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The actor's name.
    pub actor: String,
    /// When.
    pub at: Timestamp,
}

impl Control {
    /// Returns whether the operators' decisions permit work.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.paused.is_none() && self.stopped.is_none()
    }
}

/// Reads the decisions in force.
pub async fn read(connection: &mut Connection) -> Result<Control, StoreError> {
    #[derive(FromRow)]
    struct Row {
        paused_at: Option<i64>,
        paused_by: Option<String>,
        stopped_at: Option<i64>,
        stopped_by: Option<String>,
        released_at: Option<i64>,
        released_by: Option<String>,
        opened_at: Option<i64>,
        opened_by: Option<String>,
    }
    let row: Row = sqlx::query_as(
        "SELECT paused_at, paused_by, stopped_at, stopped_by, released_at, released_by, opened_at, opened_by
         FROM control WHERE id = 1",
    )
    .fetch_one(connection)
    .await?;
    Ok(Control {
        paused: decision(row.paused_at, row.paused_by),
        stopped: decision(row.stopped_at, row.stopped_by),
        released: decision(row.released_at, row.released_by),
        opened: decision(row.opened_at, row.opened_by),
    })
}

/// Returns whether this database comes from a restore whose aftermath is not over.
pub async fn is_restored(connection: &mut Connection) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar("SELECT restored_at IS NOT NULL FROM control WHERE id = 1").fetch_one(connection).await?)
}

/// Records in a database about to be restored that it comes from a backup.
pub async fn begin_aftermath(connection: &mut Connection, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("UPDATE control SET restored_at = $1 WHERE id = 1").bind(now.as_millis()).execute(connection).await?;
    Ok(())
}

/// Ends the aftermath: everything that may have been on air at the restore is off.
pub async fn end_aftermath(connection: &mut Connection) -> Result<(), StoreError> {
    sqlx::query("UPDATE control SET restored_at = NULL WHERE id = 1").execute(connection).await?;
    Ok(())
}

fn decision(at: Option<i64>, by: Option<String>) -> Option<Decision> {
    Some(Decision { at: timestamp(at)?, actor: by? })
}

/// Records a pause. Returns `false` if one was in force already; then the first decision stands.
pub async fn pause(connection: &mut Connection, by: &str, now: Timestamp) -> Result<bool, StoreError> {
    let done = sqlx::query("UPDATE control SET paused_at = $1, paused_by = $2 WHERE id = 1 AND paused_at IS NULL")
        .bind(now.as_millis())
        .bind(by)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Lifts a pause. Returns `false` if there was none.
pub async fn resume(connection: &mut Connection) -> Result<bool, StoreError> {
    let done =
        sqlx::query("UPDATE control SET paused_at = NULL, paused_by = NULL WHERE id = 1 AND paused_at IS NOT NULL")
            .execute(connection)
            .await?;
    Ok(done.rows_affected() == 1)
}

/// Permits work outside of the hours.
pub async fn open(connection: &mut Connection, by: &str, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("UPDATE control SET opened_at = $1, opened_by = $2 WHERE id = 1")
        .bind(now.as_millis())
        .bind(by)
        .execute(connection)
        .await?;
    Ok(())
}

/// Ends the permission for work outside of the hours.
pub async fn close(connection: &mut Connection) -> Result<(), StoreError> {
    sqlx::query("UPDATE control SET opened_at = NULL, opened_by = NULL WHERE id = 1").execute(connection).await?;
    Ok(())
}

/// Records an emergency stop. Returns `false` if one was in force already; then the first decision stands.
pub async fn stop(connection: &mut Connection, by: &str, now: Timestamp) -> Result<bool, StoreError> {
    let done = sqlx::query("UPDATE control SET stopped_at = $1, stopped_by = $2 WHERE id = 1 AND stopped_at IS NULL")
        .bind(now.as_millis())
        .bind(by)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Lifts an emergency stop. Returns `false` if there was none.
pub async fn release(connection: &mut Connection, by: &str, now: Timestamp) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE control SET stopped_at = NULL, stopped_by = NULL, released_at = $1, released_by = $2
         WHERE id = 1 AND stopped_at IS NOT NULL",
    )
    .bind(now.as_millis())
    .bind(by)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}
