//! Sessions for people and programs to see.

use super::{Row, Session};
use crate::store::{Connection, StoreError};

/// Returns the number of live sessions of a front.
pub async fn count_of_front(connection: &mut Connection, front: &str) -> Result<u32, StoreError> {
    Ok(sqlx::query_scalar(
        "SELECT count(*) FROM sessions WHERE front = $1 AND state IN ('queued', 'starting', 'running', 'lost')",
    )
    .bind(front)
    .fetch_one(connection)
    .await?)
}

/// Returns the live sessions of a front whose owner's name begins so, the newest first.
pub async fn live_of_front(connection: &mut Connection, front: &str, owners: &str) -> Result<Vec<Session>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT * FROM sessions
         WHERE front = $1 AND substr(owner, 1, length($2)) = $2 AND state IN ('queued', 'starting', 'running', 'lost')
         ORDER BY id DESC",
    )
    .bind(front)
    .bind(owners)
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Session::try_from).collect()
}

/// Returns the newest session of a front, by its id; 0 if there is none.
pub async fn newest_of_front(connection: &mut Connection, front: &str) -> Result<i64, StoreError> {
    let query = sqlx::query_scalar("SELECT coalesce(max(id), 0) FROM sessions WHERE front = $1");
    Ok(query.bind(front).fetch_one(connection).await?)
}

/// Returns some of the live sessions of a front that are not newer than this one, the oldest first.
pub async fn some_of_front(
    connection: &mut Connection,
    front: &str,
    newest: i64,
    limit: u32,
) -> Result<Vec<Session>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT * FROM sessions
         WHERE front = $1 AND id <= $2 AND state IN ('queued', 'starting', 'running', 'lost') ORDER BY id LIMIT $3",
    )
    .bind(front)
    .bind(newest)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Session::try_from).collect()
}

/// Returns the number of sessions that live, or are being stopped, by state and front.
pub async fn counts(connection: &mut Connection) -> Result<Vec<(String, String, i64)>, StoreError> {
    let query = sqlx::query_as(
        "SELECT state, front, COUNT(*) FROM sessions WHERE state IN ('queued', 'starting', 'running', 'lost', 'stopping')
         GROUP BY state, front",
    );
    Ok(query.fetch_all(connection).await?)
}

/// Returns all live sessions and those that stop, the newest first.
pub async fn all_present(connection: &mut Connection) -> Result<Vec<Session>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT * FROM sessions WHERE state IN ('queued', 'starting', 'running', 'lost', 'stopping') ORDER BY id DESC",
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Session::try_from).collect()
}
