//! Submissions: everything that was compared with a flag.

use crate::session::Owner;
use crate::store::{Connection, StoreError};
use challengectl_common::Timestamp;
use sqlx::FromRow;

/// What came of a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The first right one of its owner to its part.
    Right,
    /// Right once more.
    Repeated,
    /// Wrong.
    Wrong,
    /// Wrong, and the flag of another owner.
    Shared,
}

impl Outcome {
    /// Its name in the database, and in views.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Repeated => "repeated",
            Self::Wrong => "wrong",
            Self::Shared => "shared",
        }
    }
}

/// A submission to be recorded.
#[derive(Debug)]
pub struct NewSubmission<'a> {
    /// When it came.
    pub at: Timestamp,
    /// The challenge.
    pub challenge: i64,
    /// For whom.
    pub owner: &'a Owner,
    /// The account that sent it.
    pub who: Option<&'a str>,
    /// The address that it came from.
    pub from_address: Option<&'a str>,
    /// The session that it was for.
    pub session: Option<i64>,
    /// What came of it.
    pub outcome: Outcome,
    /// The part of a right one.
    pub part: Option<u16>,
    /// Whose flag a shared one is.
    pub flag_of: Option<&'a Owner>,
    /// The keyed digest of its text.
    pub text_digest: &'a str,
}

/// Records a submission.
pub async fn insert(connection: &mut Connection, new: &NewSubmission<'_>) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO submissions
             (at, challenge_id, owner, who, from_address, session_id, result, part, flag_of, text_digest)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(new.at.as_millis())
    .bind(new.challenge)
    .bind(new.owner.as_str())
    .bind(new.who)
    .bind(new.from_address)
    .bind(new.session)
    .bind(new.outcome.as_str())
    .bind(new.part)
    .bind(new.flag_of.map(Owner::as_str))
    .bind(new.text_digest)
    .execute(connection)
    .await?;
    Ok(())
}

/// Returns how many wrong submissions an owner has made to a challenge. The same text again counts once: it tries
/// nothing new.
pub async fn wrong(connection: &mut Connection, challenge: i64, owner: &Owner) -> Result<u32, StoreError> {
    let query = sqlx::query_scalar(
        "SELECT COUNT(DISTINCT text_digest) FROM submissions
         WHERE challenge_id = $1 AND owner = $2 AND result IN ('wrong', 'shared')",
    );
    Ok(query.bind(challenge).bind(owner.as_str()).fetch_one(connection).await?)
}

/// A submission, as operators see it.
#[derive(Debug, Clone, FromRow)]
#[expect(missing_docs, reason = "as in `NewSubmission`")]
pub struct Submission {
    pub id: i64,
    pub at: i64,
    pub challenge_id: i64,
    /// `None` if the challenge was deleted.
    pub challenge_name: Option<String>,
    pub owner: String,
    pub who: Option<String>,
    pub from_address: Option<String>,
    pub result: String,
    pub part: Option<i64>,
    pub flag_of: Option<String>,
}

/// Returns submissions, the newest first: those before this id.
pub async fn page(connection: &mut Connection, before: Option<i64>, limit: u32) -> Result<Vec<Submission>, StoreError> {
    let query = sqlx::query_as(
        "SELECT submissions.id, at, challenge_id, challenges.name AS challenge_name, owner, who, from_address, result,
             part, flag_of
         FROM submissions LEFT JOIN challenges ON challenges.id = challenge_id
         WHERE submissions.id < $1 ORDER BY submissions.id DESC LIMIT $2",
    );
    Ok(query.bind(before.unwrap_or(i64::MAX)).bind(limit).fetch_all(connection).await?)
}
