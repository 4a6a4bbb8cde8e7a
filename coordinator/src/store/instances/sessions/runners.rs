//! Sessions that runners have.

use super::{Row, Session};
use crate::session::SessionState;
use crate::store::cells::parse;
use crate::store::{Connection, StoreError};
use challengectl_common::RunnerId;

/// Returns the sessions of a runner that are not ended and have changed since a revision.
pub async fn of_runner(connection: &mut Connection, runner: &RunnerId, since: i64) -> Result<Vec<Session>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT * FROM sessions
         WHERE runner_id = $1 AND revision > $2 AND state IN ('starting', 'running', 'lost', 'stopping')
         ORDER BY id",
    )
    .bind(runner.as_str())
    .bind(since)
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Session::try_from).collect()
}

/// Returns the enrolled runners that have sessions in this state. One look per runner: the index has them by runner, and
/// 10,000 sessions of one would be read each second else.
pub async fn runners_with(connection: &mut Connection, state: SessionState) -> Result<Vec<RunnerId>, StoreError> {
    let runners: Vec<String> = sqlx::query_scalar(
        "SELECT id FROM runners WHERE EXISTS (
             SELECT 1 FROM sessions WHERE runner_id = runners.id
                 AND state IN ('starting', 'running', 'lost', 'stopping') AND state = $1)",
    )
    .bind(state.as_str())
    .fetch_all(connection)
    .await?;
    runners.iter().map(|runner| parse(runner, "runner id")).collect()
}

/// Returns running sessions of a runner. All states of the index are named, so that it is used.
pub async fn running_of(
    connection: &mut Connection,
    runner: &RunnerId,
    limit: u32,
) -> Result<Vec<Session>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT * FROM sessions
         WHERE runner_id = $1 AND state = 'running' AND state IN ('starting', 'running', 'lost', 'stopping')
         ORDER BY id LIMIT $2",
    )
    .bind(runner.as_str())
    .bind(limit)
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Session::try_from).collect()
}

/// Returns the sessions of runners that were removed. The index is walked from runner to runner, not from session to
/// session.
pub async fn abandoned(connection: &mut Connection) -> Result<Vec<Session>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "WITH RECURSIVE users(id) AS (
             SELECT min(runner_id) FROM sessions WHERE state IN ('starting', 'running', 'lost', 'stopping')
             UNION ALL
             SELECT (SELECT min(runner_id) FROM sessions
                 WHERE state IN ('starting', 'running', 'lost', 'stopping') AND runner_id > users.id)
             FROM users WHERE id IS NOT NULL
         )
         SELECT * FROM sessions WHERE state IN ('starting', 'running', 'lost', 'stopping') AND runner_id IN (
             SELECT id FROM users WHERE NOT EXISTS (SELECT 1 FROM runners WHERE runners.id = users.id))",
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Session::try_from).collect()
}
