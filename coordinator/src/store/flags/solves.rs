//! Solves: the first right submission of each owner to each part of a challenge.

use crate::session::Owner;
use crate::store::{Connection, StoreError};
use challengectl_common::Timestamp;

/// The first right submission of an owner to a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Solve {
    /// The challenge.
    pub challenge_id: i64,
    /// The team or account that has solved it.
    pub owner: Owner,
    /// The part.
    pub part: u16,
    /// The session whose flag it was; `None`: a challenge without sessions.
    pub session_id: Option<i64>,
    /// What it was worth.
    pub points: u32,
    /// When it was.
    pub solved_at: Timestamp,
}

type Row = (i64, String, u16, Option<i64>, u32, i64);

fn solve((challenge_id, owner, part, session_id, points, solved_at): Row) -> Solve {
    let (owner, solved_at) = (Owner::stored(owner), Timestamp::from_millis(solved_at));
    Solve { challenge_id, owner, part, session_id, points, solved_at }
}

/// Records a right submission, unless there is one of the owner to this part. Returns whether it is the first.
pub async fn record(connection: &mut Connection, solve: &Solve) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO solves (challenge_id, owner, part, session_id, points, solved_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (challenge_id, owner, part) DO NOTHING",
    )
    .bind(solve.challenge_id)
    .bind(solve.owner.as_str())
    .bind(solve.part)
    .bind(solve.session_id)
    .bind(solve.points)
    .bind(solve.solved_at.as_millis())
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Returns what an owner has solved of a challenge.
pub async fn of(connection: &mut Connection, challenge: i64, owner: &Owner) -> Result<Vec<Solve>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT challenge_id, owner, part, session_id, points, solved_at FROM solves
         WHERE challenge_id = $1 AND owner = $2 ORDER BY part",
    )
    .bind(challenge)
    .bind(owner.as_str())
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(solve).collect())
}

/// Returns all that an owner has solved.
pub async fn of_owner(connection: &mut Connection, owner: &Owner) -> Result<Vec<Solve>, StoreError> {
    let rows: Vec<Row> =
        sqlx::query_as("SELECT challenge_id, owner, part, session_id, points, solved_at FROM solves WHERE owner = $1")
            .bind(owner.as_str())
            .fetch_all(connection)
            .await?;
    Ok(rows.into_iter().map(solve).collect())
}

/// A solve with the submission that it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// The id of the submission: it grows.
    pub id: i64,
    /// What was solved.
    pub solve: Solve,
}

/// Returns the solves of submissions with ids above `after`, the oldest first, at most `limit`.
pub async fn captures(connection: &mut Connection, after: i64, limit: u32) -> Result<Vec<Capture>, StoreError> {
    type Captured = (i64, i64, String, u16, Option<i64>, u32, i64);
    let rows: Vec<Captured> = sqlx::query_as(
        "SELECT it.id, solves.challenge_id, solves.owner, solves.part, solves.session_id, solves.points, solves.solved_at
         FROM submissions AS it JOIN solves
             ON solves.challenge_id = it.challenge_id AND solves.owner = it.owner AND solves.part = it.part
         WHERE it.id > $1 AND it.result = 'right' ORDER BY it.id LIMIT $2",
    )
    .bind(after)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    let capture = |(id, challenge_id, owner, part, session_id, points, solved_at)| Capture {
        id,
        solve: solve((challenge_id, owner, part, session_id, points, solved_at)),
    };
    Ok(rows.into_iter().map(capture).collect())
}

/// Returns all solves, the first one first.
pub async fn all(connection: &mut Connection) -> Result<Vec<Solve>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT challenge_id, owner, part, session_id, points, solved_at FROM solves ORDER BY solved_at, challenge_id, part",
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(solve).collect())
}
