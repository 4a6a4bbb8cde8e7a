//! What players submit, and what it is worth. The contents are sealed.

pub mod board;
pub mod solves;
pub mod submissions;
pub mod unlocks;

use crate::store::cells::corrupt;
use crate::store::{Connection, StoreError};
pub use challengectl_event::instance::FlagMode;

/// Reads the name of a mode.
pub(crate) fn mode(text: &str) -> Result<FlagMode, StoreError> {
    let all = [FlagMode::Session, FlagMode::Text, FlagMode::TextAnyCase, FlagMode::Pattern];
    all.into_iter().find(|mode| mode.as_str() == text).ok_or_else(|| corrupt("flag mode", &text))
}

/// A flag of a challenge.
#[derive(Debug, Clone)]
pub struct StoredFlag {
    /// The part of the challenge that it solves, from 0. Flags of one part are alternatives.
    pub part: u16,
    /// The share of the points that the part has, relative to the shares of the other parts.
    pub share: u32,
    /// How it is compared.
    pub mode: FlagMode,
    /// The text, the pattern, or the format of session flags; sealed.
    pub content: Vec<u8>,
}

/// What a challenge is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct Score {
    /// For all parts together.
    pub points: u32,
    /// Wrong submissions of one owner; `None`: as many as the rate allows.
    pub max_attempts: Option<u32>,
}

/// Sets what a challenge is worth.
pub async fn put_score(connection: &mut Connection, challenge: i64, score: Score) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO scores (challenge_id, points, max_attempts) VALUES ($1, $2, $3)
         ON CONFLICT (challenge_id) DO UPDATE SET points = excluded.points, max_attempts = excluded.max_attempts",
    )
    .bind(challenge)
    .bind(score.points)
    .bind(score.max_attempts)
    .execute(connection)
    .await?;
    Ok(())
}

/// Replaces the flags of a challenge, and what it is worth.
pub async fn put(
    connection: &mut Connection,
    challenge: i64,
    score: Score,
    flags: &[StoredFlag],
) -> Result<(), StoreError> {
    put_score(connection, challenge, score).await?;
    sqlx::query("DELETE FROM flags WHERE challenge_id = $1").bind(challenge).execute(&mut *connection).await?;
    for flag in flags {
        sqlx::query("INSERT INTO flags (challenge_id, part, share, mode, content) VALUES ($1, $2, $3, $4, $5)")
            .bind(challenge)
            .bind(flag.part)
            .bind(flag.share)
            .bind(flag.mode.as_str())
            .bind(&flag.content)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Returns the flags of a challenge, part by part.
pub async fn of(connection: &mut Connection, challenge: i64) -> Result<Vec<StoredFlag>, StoreError> {
    let rows: Vec<(u16, u32, String, Vec<u8>)> =
        sqlx::query_as("SELECT part, share, mode, content FROM flags WHERE challenge_id = $1 ORDER BY part, id")
            .bind(challenge)
            .fetch_all(connection)
            .await?;
    let stored = |(part, share, mode, content): (_, _, String, _)| {
        Ok(StoredFlag { part, share, mode: self::mode(&mode)?, content })
    };
    rows.into_iter().map(stored).collect()
}

/// Returns what a challenge is worth; `None` if it has no flags, or is not there any more.
pub async fn score(connection: &mut Connection, challenge: i64) -> Result<Option<Score>, StoreError> {
    let query = sqlx::query_as("SELECT points, max_attempts FROM scores WHERE challenge_id = $1");
    Ok(query.bind(challenge).fetch_optional(connection).await?)
}

/// Returns the name of a challenge of any kind; `None` if there is no such challenge.
pub async fn challenge_name(connection: &mut Connection, challenge: i64) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar("SELECT name FROM challenges WHERE id = $1")
        .bind(challenge)
        .fetch_optional(connection)
        .await?)
}
