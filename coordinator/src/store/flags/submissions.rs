//! Submissions: everything that was compared with a flag.

use crate::session::Owner;
use crate::store::cells::integer;
use crate::store::log::history::Page;
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
    /// Right, and other members of the team have to submit a flag as well.
    Member,
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
            Self::Member => "member",
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

/// Returns how many wrong submissions an owner has left of `max`; `None` if they are not limited.
pub async fn left(
    connection: &mut Connection,
    challenge: i64,
    owner: &Owner,
    max: Option<u32>,
) -> Result<Option<u32>, StoreError> {
    let Some(max) = max else { return Ok(None) };
    Ok(Some(max.saturating_sub(wrong(connection, challenge, owner).await?)))
}

/// Returns how many wrong submissions an owner has made to a challenge. The same text again counts once: it tries
/// nothing new.
async fn wrong(connection: &mut Connection, challenge: i64, owner: &Owner) -> Result<u32, StoreError> {
    let query = sqlx::query_scalar(
        "SELECT COUNT(DISTINCT text_digest) FROM submissions
         WHERE challenge_id = $1 AND owner = $2 AND result IN ('wrong', 'shared')",
    );
    Ok(query.bind(challenge).bind(owner.as_str()).fetch_one(connection).await?)
}

/// Returns how many members of a team, besides the account of this name, have not yet submitted a right flag of a challenge.
/// Those that are excluded from the event, or disabled, do not count.
pub async fn members_without(
    connection: &mut Connection,
    team: i64,
    challenge: i64,
    owner: &Owner,
    besides: Option<&str>,
) -> Result<u32, StoreError> {
    let query = sqlx::query_scalar(
        "SELECT COUNT(*) FROM players JOIN accounts ON accounts.id = players.account_id
         WHERE team_id = $1 AND banned = 0 AND enabled = 1 AND ($4 IS NULL OR name <> $4) AND name NOT IN (
             SELECT who FROM submissions
             WHERE challenge_id = $2 AND owner = $3 AND result IN ('right', 'repeated', 'member') AND who IS NOT NULL)",
    );
    Ok(query.bind(team).bind(challenge).bind(owner.as_str()).bind(besides).fetch_one(connection).await?)
}

/// A submission, as operators see it.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "as in `NewSubmission`")]
pub struct Submission {
    pub id: i64,
    pub at: Timestamp,
    pub challenge_id: i64,
    /// `None` if the challenge was deleted.
    pub challenge_name: Option<String>,
    pub owner: Owner,
    pub who: Option<String>,
    pub from_address: Option<String>,
    pub result: String,
    pub part: Option<i64>,
    pub flag_of: Option<Owner>,
}

#[derive(FromRow)]
struct Row {
    id: i64,
    at: i64,
    challenge_id: i64,
    challenge_name: Option<String>,
    owner: String,
    who: Option<String>,
    from_address: Option<String>,
    result: String,
    part: Option<i64>,
    flag_of: Option<String>,
}

impl From<Row> for Submission {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            at: Timestamp::from_millis(row.at),
            challenge_id: row.challenge_id,
            challenge_name: row.challenge_name,
            owner: Owner::stored(row.owner),
            who: row.who,
            from_address: row.from_address,
            result: row.result,
            part: row.part,
            flag_of: row.flag_of.map(Owner::stored),
        }
    }
}

/// Returns the id of the latest submission; 0 without any.
pub async fn latest(connection: &mut Connection) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar("SELECT COALESCE(MAX(id), 0) FROM submissions").fetch_one(connection).await?)
}

/// Returns submissions, the newest first, and the number of all.
pub async fn page(connection: &mut Connection, page: Page) -> Result<(Vec<Submission>, u64), StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT submissions.id, at, challenge_id, challenges.name AS challenge_name, owner, who, from_address, result,
             part, flag_of
         FROM submissions LEFT JOIN challenges ON challenges.id = challenge_id
         ORDER BY submissions.id DESC LIMIT $1 OFFSET $2",
    )
    .bind(integer(page.limit))
    .bind(integer(page.offset))
    .fetch_all(&mut *connection)
    .await?;
    let total: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM submissions").fetch_one(connection).await?;
    Ok((rows.into_iter().map(Submission::from).collect(), total.unsigned_abs()))
}
