//! Solves: the first right submission of each owner to a challenge.

use crate::session::Owner;
use crate::store::{Connection, StoreError};
use challengectl_common::Timestamp;

/// The first right submission of an owner.
#[derive(Debug, Clone, Copy)]
pub struct Solve {
    /// What it was worth.
    pub points: u32,
    /// When it was.
    pub solved_at: Timestamp,
}

/// Records a right submission. Returns the first one of the owner, and whether it is this one.
pub async fn record(
    connection: &mut Connection,
    challenge: i64,
    owner: &Owner,
    session: i64,
    solve: Solve,
) -> Result<(Solve, bool), StoreError> {
    let done = sqlx::query(
        "INSERT INTO solves (challenge_id, owner, session_id, points, solved_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (challenge_id, owner) DO NOTHING",
    )
    .bind(challenge)
    .bind(owner.as_str())
    .bind(session)
    .bind(solve.points)
    .bind(solve.solved_at.as_millis())
    .execute(&mut *connection)
    .await?;
    let (points, solved_at): (u32, i64) =
        sqlx::query_as("SELECT points, solved_at FROM solves WHERE challenge_id = $1 AND owner = $2")
            .bind(challenge)
            .bind(owner.as_str())
            .fetch_one(connection)
            .await?;
    let first = Solve { points, solved_at: Timestamp::from_millis(solved_at) };
    Ok((first, done.rows_affected() == 1))
}
