//! Sessions: instances, live and ended.

mod due;
mod lists;
mod owners;
pub mod queue;
mod runners;
pub mod warm;

pub use due::{idle, to_reap};
pub use lists::{all_present, count_of_front, counts, live_of_front, newest_of_front, some_of_front};
pub use owners::{count_of_owner, latest, live, of_excluded, of_others};
pub use runners::{abandoned, of_runner, runners_with, running_of};

use crate::session::Owner;
use crate::session::SessionState;
use crate::store::cells::{corrupt, parse, timestamp};
use crate::store::{Connection, StoreError};
use challengectl_common::{Digest, EngineId, RunnerId, Timestamp};
use sqlx::FromRow;
use std::time::Duration;

/// A session as it is stored.
#[derive(Debug, Clone)]
pub struct Session {
    /// The id, never reused. Fronts show the key instead.
    pub id: i64,
    /// What its front calls it: random.
    pub key: String,
    /// The front where it was started.
    pub front: String,
    /// Its challenge.
    pub challenge_id: i64,
    /// The version of the spec that it was started with.
    pub version: i64,
    /// Whose it is.
    pub owner: Owner,
    /// Whom it was made for: a part of its flag, which stays when it gets another owner.
    pub made_for: Owner,
    /// A part of its flag.
    pub nonce: String,
    /// Where it runs; `None` while it is queued, and if it ended in the queue.
    pub place: Option<Place>,
    /// How it stands.
    pub state: SessionState,
    /// Grows with each start.
    pub fence: i64,
    /// Starts that were tried again, since it has run for long.
    pub restarts: u32,
    /// When its last start ran.
    pub runs_since: Option<Timestamp>,
    /// The engine's id of the first container.
    pub container_id: Option<String>,
    /// How long it lives from the moment at which it runs.
    pub lifetime: Duration,
    /// How long it lives without a sign of life of its owner; `None`: that does not matter.
    pub idle: Option<Duration>,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When it ran first.
    pub running_at: Option<Timestamp>,
    /// The limit of its wait, the limit of its start, then the end of its life.
    pub reap_at: Timestamp,
    /// When it ends unless its owner gives a sign of life before.
    pub idle_at: Option<Timestamp>,
    /// When its flag was submitted first.
    pub solved_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Why it ends, stops or has stopped.
    pub outcome: Option<String>,
    /// The runner's words for a failure.
    pub reason: Option<String>,
    /// The last change that concerns its runner.
    pub revision: i64,
}

/// The place of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its runner.
    pub runner_id: RunnerId,
    /// The engine there.
    pub engine_id: EngineId,
    /// The host by which players reach its ports.
    pub host: String,
}

impl Session {
    /// Its runner; `None` while it is queued.
    #[must_use]
    pub fn runner(&self) -> Option<&RunnerId> {
        self.place.as_ref().map(|place| &place.runner_id)
    }
}

#[derive(FromRow)]
pub(in super::super) struct Row {
    id: i64,
    key: String,
    front: String,
    challenge_id: i64,
    version: i64,
    owner: String,
    made_for: String,
    nonce: String,
    runner_id: Option<String>,
    engine_id: Option<String>,
    host: Option<String>,
    state: String,
    fence: i64,
    restarts: u32,
    runs_since: Option<i64>,
    container_id: Option<String>,
    lifetime_ms: i64,
    idle_ms: Option<i64>,
    requested_at: i64,
    running_at: Option<i64>,
    reap_at: i64,
    idle_at: Option<i64>,
    solved_at: Option<i64>,
    ended_at: Option<i64>,
    outcome: Option<String>,
    reason: Option<String>,
    revision: i64,
}

impl TryFrom<Row> for Session {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let place = match (row.runner_id, row.engine_id, row.host) {
            (Some(runner), Some(engine), Some(host)) => {
                let (runner_id, engine_id) = (parse(&runner, "runner id")?, parse(&engine, "engine id")?);
                Some(Place { runner_id, engine_id, host })
            }
            _ => None,
        };
        Ok(Self {
            id: row.id,
            key: row.key,
            front: row.front,
            challenge_id: row.challenge_id,
            version: row.version,
            owner: Owner::stored(row.owner),
            made_for: Owner::stored(row.made_for),
            nonce: row.nonce,
            place,
            state: SessionState::parse(&row.state).ok_or_else(|| corrupt("state of a session", &row.state))?,
            fence: row.fence,
            restarts: row.restarts,
            runs_since: timestamp(row.runs_since),
            container_id: row.container_id,
            lifetime: span(row.lifetime_ms),
            idle: row.idle_ms.map(span),
            requested_at: Timestamp::from_millis(row.requested_at),
            running_at: timestamp(row.running_at),
            reap_at: Timestamp::from_millis(row.reap_at),
            idle_at: timestamp(row.idle_at),
            solved_at: timestamp(row.solved_at),
            ended_at: timestamp(row.ended_at),
            outcome: row.outcome,
            reason: row.reason,
            revision: row.revision,
        })
    }
}

fn span(millis: i64) -> Duration {
    Duration::from_millis(millis.try_into().unwrap_or(0))
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// A session to be started.
#[derive(Debug)]
#[expect(missing_docs, reason = "as in `Session`")]
pub struct NewSession<'a> {
    pub key: &'a str,
    pub front: &'a str,
    pub challenge_id: i64,
    pub version: i64,
    pub owner: &'a Owner,
    pub nonce: &'a str,
    pub lifetime: Duration,
    pub idle: Option<Duration>,
    pub requested_at: Timestamp,
    pub reap_at: Timestamp,
    pub revision: i64,
    /// Whether its owner may have several of the challenge.
    pub several: bool,
}

/// Returns the newest revision; 1 without sessions, since a runner that asks from 0 gets all orders at once.
pub async fn revision(connection: &mut Connection) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar("SELECT coalesce(max(revision), 1) FROM sessions").fetch_one(connection).await?)
}

/// Records that an ended session was solved: nothing else of it changes any more.
pub async fn mark_solved(connection: &mut Connection, id: i64, now: Timestamp) -> Result<(), StoreError> {
    let query = sqlx::query("UPDATE sessions SET solved_at = $2 WHERE id = $1").bind(id).bind(now.as_millis());
    query.execute(connection).await?;
    Ok(())
}

/// Adds a session to the queue. Returns its id; fails if its owner has one of the challenge.
pub async fn insert(connection: &mut Connection, new: &NewSession<'_>) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar(
        "INSERT INTO sessions (key, key_digest, front, challenge_id, version, owner, made_for, nonce, state, fence,
             lifetime_ms, idle_ms, requested_at, reap_at, revision, several)
         VALUES ($1, $2, $3, $4, $5, $6, $6, $7, 'queued', 1, $8, $9, $10, $11, $12, $13) RETURNING id",
    )
    .bind(new.key)
    .bind(Digest::of(new.key.as_bytes()).to_string())
    .bind(new.front)
    .bind(new.challenge_id)
    .bind(new.version)
    .bind(new.owner.as_str())
    .bind(new.nonce)
    .bind(millis(new.lifetime))
    .bind(new.idle.map(millis))
    .bind(new.requested_at.as_millis())
    .bind(new.reap_at.as_millis())
    .bind(new.revision)
    .bind(new.several)
    .fetch_one(connection)
    .await?)
}

/// Writes what changes of a session.
pub async fn update(connection: &mut Connection, session: &Session) -> Result<(), StoreError> {
    let place = session.place.as_ref();
    sqlx::query(
        "UPDATE sessions SET state = $2, fence = $3, restarts = $4, container_id = $5, running_at = $6, reap_at = $7,
             idle_at = $8, solved_at = $9, ended_at = $10, outcome = $11, reason = $12, revision = $13, runner_id = $14,
             engine_id = $15, host = $16, runs_since = $17
         WHERE id = $1",
    )
    .bind(session.id)
    .bind(session.state.as_str())
    .bind(session.fence)
    .bind(session.restarts)
    .bind(&session.container_id)
    .bind(session.running_at.map(Timestamp::as_millis))
    .bind(session.reap_at.as_millis())
    .bind(session.idle_at.map(Timestamp::as_millis))
    .bind(session.solved_at.map(Timestamp::as_millis))
    .bind(session.ended_at.map(Timestamp::as_millis))
    .bind(&session.outcome)
    .bind(&session.reason)
    .bind(session.revision)
    .bind(place.map(|place| place.runner_id.as_str()))
    .bind(place.map(|place| place.engine_id.as_str()))
    .bind(place.map(|place| &place.host))
    .bind(session.runs_since.map(Timestamp::as_millis))
    .execute(connection)
    .await?;
    Ok(())
}

/// Returns a session; `None` if there is none with this id.
pub async fn get(connection: &mut Connection, id: i64) -> Result<Option<Session>, StoreError> {
    let row: Option<Row> =
        sqlx::query_as("SELECT * FROM sessions WHERE id = $1").bind(id).fetch_optional(connection).await?;
    row.map(Session::try_from).transpose()
}

/// Returns the session of a front with this key; `None` if there is none. It is found by the digest, so that the time
/// that the search takes says nothing about keys.
pub async fn find(connection: &mut Connection, front: &str, key: &str) -> Result<Option<Session>, StoreError> {
    let row: Option<Row> = sqlx::query_as("SELECT * FROM sessions WHERE key_digest = $1 AND front = $2")
        .bind(Digest::of(key.as_bytes()).to_string())
        .bind(front)
        .fetch_optional(connection)
        .await?;
    row.map(Session::try_from).transpose()
}
