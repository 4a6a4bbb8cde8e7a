//! Assignments: which challenge is leased to which radio.

use crate::store::cells::{band, frequency, integer, parse};
use crate::store::{Connection, StoreError};
use challengectl_common::{Band, Frequency, RadioId, RunnerId, Timestamp};
use sqlx::FromRow;
use std::time::Duration;

/// The state of an assignment. All but `Live` are final.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssignmentState {
    /// Leased, and perhaps on air.
    Live,
    /// The runner reported success.
    Done,
    /// The runner reported a failure.
    Failed,
    /// The runner reported that the transmission was cut.
    Aborted,
    /// Given up without a report: the lease ran out, or the runner no longer holds the assignment.
    Lapsed,
}

impl AssignmentState {
    const ALL: [Self; 5] = [Self::Live, Self::Done, Self::Failed, Self::Aborted, Self::Lapsed];

    /// Returns the state's name in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Aborted => "aborted",
            Self::Lapsed => "lapsed",
        }
    }
}

impl std::str::FromStr for AssignmentState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or_else(|| format!("no such state: {text}"))
    }
}

/// A new assignment.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the columns have the same names")]
pub struct NewAssignment {
    pub challenge_id: i64,
    pub runner_id: RunnerId,
    pub radio_id: RadioId,
    pub key_id: String,
    pub fence: i64,
    pub frequency: Frequency,
    pub band: Band,
    pub assigned_at: Timestamp,
    pub expires_at: Timestamp,
    pub due_at: Timestamp,
}

/// An assignment that is not over.
#[derive(Debug, Clone)]
pub struct LiveAssignment {
    /// The assignment.
    pub id: i64,
    /// Its challenge.
    pub challenge_id: i64,
    /// Its fence.
    pub fence: i64,
    /// The runner.
    pub runner_id: RunnerId,
    /// The radio of the runner.
    pub radio_id: RadioId,
    /// The runner key that it was handed out to.
    pub key_id: String,
    /// The occupied band.
    pub band: Band,
    /// The duration of its signal; zero if the challenge has been deleted.
    pub length: Duration,
    /// Whether its carrier has to go off.
    pub aborting: bool,
}

/// An assignment, over or not.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the columns have the same names")]
pub struct Assignment {
    pub id: i64,
    pub challenge_id: i64,
    pub runner_id: RunnerId,
    pub radio_id: RadioId,
    pub fence: i64,
    pub frequency: Frequency,
    pub state: AssignmentState,
    pub assigned_at: Timestamp,
}

#[derive(FromRow)]
struct LiveRow {
    id: i64,
    challenge_id: i64,
    fence: i64,
    runner_id: String,
    radio_id: String,
    key_id: String,
    band_low: i64,
    band_high: i64,
    duration_ms: i64,
    aborting: bool,
}

/// Returns all live assignments.
pub async fn live(connection: &mut Connection) -> Result<Vec<LiveAssignment>, StoreError> {
    let rows: Vec<LiveRow> = sqlx::query_as(
        "SELECT id, assignments.challenge_id, assignments.fence, runner_id, radio_id, key_id, band_low, band_high,
             coalesce(duration_ms, 0) AS duration_ms, abort_at IS NOT NULL AS aborting
         FROM assignments LEFT JOIN transmission_challenges AS challenge
             ON challenge.challenge_id = assignments.challenge_id
         WHERE state = 'live'",
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(LiveAssignment {
                id: row.id,
                challenge_id: row.challenge_id,
                fence: row.fence,
                runner_id: parse(&row.runner_id, "runner id")?,
                radio_id: parse(&row.radio_id, "radio id")?,
                key_id: row.key_id,
                band: band(row.band_low, row.band_high)?,
                length: Duration::from_millis(u64::try_from(row.duration_ms).unwrap_or(0)),
                aborting: row.aborting,
            })
        })
        .collect()
}

#[derive(FromRow)]
struct Row {
    id: i64,
    challenge_id: i64,
    runner_id: String,
    radio_id: String,
    fence: i64,
    frequency: i64,
    state: String,
    assigned_at: i64,
}

impl TryFrom<Row> for Assignment {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            challenge_id: row.challenge_id,
            runner_id: parse(&row.runner_id, "runner id")?,
            radio_id: parse(&row.radio_id, "radio id")?,
            fence: row.fence,
            frequency: frequency(row.frequency)?,
            state: parse(&row.state, "state")?,
            assigned_at: Timestamp::from_millis(row.assigned_at),
        })
    }
}

/// Returns one assignment.
pub async fn find(connection: &mut Connection, id: i64) -> Result<Option<Assignment>, StoreError> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT id, challenge_id, runner_id, radio_id, fence, frequency, state, assigned_at FROM assignments
         WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(connection)
    .await?;
    row.map(Assignment::try_from).transpose()
}

/// Returns the live assignment of a challenge to a runner with this key. With another key the runner may be another
/// host, and the earlier one still on air.
pub async fn find_live(
    connection: &mut Connection,
    (runner, key_id): (&RunnerId, &str),
    challenge_id: i64,
) -> Result<Option<Assignment>, StoreError> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT id, challenge_id, runner_id, radio_id, fence, frequency, state, assigned_at FROM assignments
         WHERE state = 'live' AND challenge_id = $1 AND runner_id = $2 AND key_id = $3",
    )
    .bind(challenge_id)
    .bind(runner.as_str())
    .bind(key_id)
    .fetch_optional(connection)
    .await?;
    row.map(Assignment::try_from).transpose()
}

/// Returns the latest assignment of a challenge to a runner that is over.
pub async fn find_latest_over(
    connection: &mut Connection,
    runner: &RunnerId,
    challenge_id: i64,
) -> Result<Option<Assignment>, StoreError> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT id, challenge_id, runner_id, radio_id, fence, frequency, state, assigned_at FROM assignments
         WHERE state <> 'live' AND challenge_id = $1 AND runner_id = $2 ORDER BY id DESC LIMIT 1",
    )
    .bind(challenge_id)
    .bind(runner.as_str())
    .fetch_optional(connection)
    .await?;
    row.map(Assignment::try_from).transpose()
}

/// Adds a live assignment. Returns its id.
pub async fn insert(connection: &mut Connection, new: &NewAssignment) -> Result<i64, StoreError> {
    let id = sqlx::query_scalar(
        "INSERT INTO assignments (challenge_id, runner_id, radio_id, key_id, fence, frequency, band_low, band_high,
             state, assigned_at, expires_at, due_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'live', $9, $10, $11) RETURNING id",
    )
    .bind(new.challenge_id)
    .bind(new.runner_id.as_str())
    .bind(new.radio_id.as_str())
    .bind(&new.key_id)
    .bind(new.fence)
    .bind(integer(new.frequency.hz()))
    .bind(integer(new.band.low()))
    .bind(integer(new.band.high()))
    .bind(new.assigned_at.as_millis())
    .bind(new.expires_at.as_millis())
    .bind(new.due_at.as_millis())
    .fetch_one(connection)
    .await?;
    Ok(id)
}

/// Ends a live assignment. Returns `false` if it has ended before.
pub async fn end(
    connection: &mut Connection,
    id: i64,
    state: AssignmentState,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let done = sqlx::query("UPDATE assignments SET state = $1, ended_at = $2 WHERE id = $3 AND state = 'live'")
        .bind(state.as_str())
        .bind(now.as_millis())
        .bind(id)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Marks the live assignment of a challenge as aborting. Returns its id; `None` if the challenge is not on air or is
/// aborting already.
pub async fn abort_of_challenge(
    connection: &mut Connection,
    challenge_id: i64,
    now: Timestamp,
) -> Result<Option<i64>, StoreError> {
    let aborted = sqlx::query_scalar(
        "UPDATE assignments SET abort_at = $1 WHERE state = 'live' AND abort_at IS NULL AND challenge_id = $2
         RETURNING id",
    )
    .bind(now.as_millis())
    .bind(challenge_id)
    .fetch_optional(connection)
    .await?;
    Ok(aborted)
}

/// Marks all live assignments as aborting. Returns their ids.
pub async fn abort_all(connection: &mut Connection, now: Timestamp) -> Result<Vec<i64>, StoreError> {
    let aborted = sqlx::query_scalar(
        "UPDATE assignments SET abort_at = coalesce(abort_at, $1) WHERE state = 'live' RETURNING id",
    )
    .bind(now.as_millis())
    .fetch_all(connection)
    .await?;
    Ok(aborted)
}

/// Marks all live assignments of a runner as aborting.
pub async fn abort_of_runner(connection: &mut Connection, runner: &RunnerId, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("UPDATE assignments SET abort_at = $1 WHERE state = 'live' AND abort_at IS NULL AND runner_id = $2")
        .bind(now.as_millis())
        .bind(runner.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

/// Marks these assignments as aborting.
pub async fn abort(connection: &mut Connection, ids: &[i64], now: Timestamp) -> Result<(), StoreError> {
    for id in ids {
        sqlx::query("UPDATE assignments SET abort_at = $1 WHERE state = 'live' AND abort_at IS NULL AND id = $2")
            .bind(now.as_millis())
            .bind(id)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Writes the end of a lease, for people and other processes.
pub async fn renew(connection: &mut Connection, id: i64, expires_at: Timestamp) -> Result<(), StoreError> {
    sqlx::query("UPDATE assignments SET expires_at = $1 WHERE id = $2 AND state = 'live'")
        .bind(expires_at.as_millis())
        .bind(id)
        .execute(connection)
        .await?;
    Ok(())
}
