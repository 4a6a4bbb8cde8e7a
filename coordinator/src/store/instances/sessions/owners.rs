//! Sessions of owners.

use super::{Row, Session};
use crate::session::Owner;
use crate::store::{Connection, StoreError};

/// Returns the live session of an owner and a challenge; not those of which there may be several.
pub async fn live(connection: &mut Connection, owner: &Owner, challenge: i64) -> Result<Option<Session>, StoreError> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT * FROM sessions
         WHERE owner = $1 AND challenge_id = $2 AND state IN ('queued', 'starting', 'running', 'lost') AND several = 0",
    )
    .bind(owner.as_str())
    .bind(challenge)
    .fetch_optional(connection)
    .await?;
    row.map(Session::try_from).transpose()
}

/// Returns the number of live sessions of an owner, over all fronts.
pub async fn count_of_owner(connection: &mut Connection, owner: &Owner) -> Result<u32, StoreError> {
    Ok(sqlx::query_scalar(
        "SELECT count(*) FROM sessions WHERE owner = $1 AND state IN ('queued', 'starting', 'running', 'lost')",
    )
    .bind(owner.as_str())
    .fetch_one(connection)
    .await?)
}

/// Returns the newest session that an owner has, or had, of a challenge.
pub async fn latest(connection: &mut Connection, owner: &Owner, challenge: i64) -> Result<Option<Session>, StoreError> {
    let row: Option<Row> =
        sqlx::query_as("SELECT * FROM sessions WHERE owner = $1 AND challenge_id = $2 ORDER BY id DESC LIMIT 1")
            .bind(owner.as_str())
            .bind(challenge)
            .fetch_optional(connection)
            .await?;
    row.map(Session::try_from).transpose()
}

/// Returns the live sessions of owners that are excluded from the event, or do not take part.
pub async fn of_excluded(connection: &mut Connection, limit: u32) -> Result<Vec<Session>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT * FROM sessions WHERE state IN ('queued', 'starting', 'running', 'lost') AND owner IN (
             SELECT 'team:' || id FROM teams WHERE banned = 1 OR active = 0
             UNION ALL
             SELECT 'account:' || account_id FROM players JOIN accounts ON accounts.id = account_id
             WHERE banned = 1 OR enabled = 0)
         LIMIT $1",
    )
    .bind(limit)
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Session::try_from).collect()
}

/// Returns the newest sessions of a challenge that are somebody else's.
pub async fn of_others(
    connection: &mut Connection,
    challenge: i64,
    owner: &Owner,
    limit: u32,
) -> Result<Vec<Session>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT * FROM sessions WHERE challenge_id = $1 AND owner <> $2 AND owner NOT GLOB 'warm:*'
         ORDER BY id DESC LIMIT $3",
    )
    .bind(challenge)
    .bind(owner.as_str())
    .bind(limit)
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Session::try_from).collect()
}
