//! Sessions: instances, live and ended.

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
    /// A part of its flag.
    pub nonce: String,
    /// Its runner.
    pub runner_id: RunnerId,
    /// The engine there.
    pub engine_id: EngineId,
    /// The host by which players reach its ports.
    pub host: String,
    /// How it stands.
    pub state: SessionState,
    /// Grows with each start.
    pub fence: i64,
    /// Starts that were tried again.
    pub restarts: u32,
    /// The engine's id of the first container.
    pub container_id: Option<String>,
    /// How long it lives from the moment at which it runs.
    pub lifetime: Duration,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When it ran first.
    pub running_at: Option<Timestamp>,
    /// The limit of its start, then the end of its life.
    pub reap_at: Timestamp,
    /// When its flag was submitted first.
    pub solved_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Why it stops or has stopped.
    pub outcome: Option<String>,
    /// The runner's words for a failure.
    pub reason: Option<String>,
    /// The last change that concerns its runner.
    pub revision: i64,
}

#[derive(FromRow)]
struct Row {
    id: i64,
    key: String,
    front: String,
    challenge_id: i64,
    version: i64,
    owner: String,
    nonce: String,
    runner_id: String,
    engine_id: String,
    host: String,
    state: String,
    fence: i64,
    restarts: u32,
    container_id: Option<String>,
    lifetime_ms: i64,
    requested_at: i64,
    running_at: Option<i64>,
    reap_at: i64,
    solved_at: Option<i64>,
    ended_at: Option<i64>,
    outcome: Option<String>,
    reason: Option<String>,
    revision: i64,
}

impl TryFrom<Row> for Session {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            key: row.key,
            front: row.front,
            challenge_id: row.challenge_id,
            version: row.version,
            owner: Owner::stored(row.owner),
            nonce: row.nonce,
            runner_id: parse(&row.runner_id, "runner id")?,
            engine_id: parse(&row.engine_id, "engine id")?,
            host: row.host,
            state: SessionState::parse(&row.state).ok_or_else(|| corrupt("state of a session", &row.state))?,
            fence: row.fence,
            restarts: row.restarts,
            container_id: row.container_id,
            lifetime: Duration::from_millis(row.lifetime_ms.try_into().unwrap_or(0)),
            requested_at: Timestamp::from_millis(row.requested_at),
            running_at: timestamp(row.running_at),
            reap_at: Timestamp::from_millis(row.reap_at),
            solved_at: timestamp(row.solved_at),
            ended_at: timestamp(row.ended_at),
            outcome: row.outcome,
            reason: row.reason,
            revision: row.revision,
        })
    }
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
    pub runner_id: &'a RunnerId,
    pub engine_id: &'a EngineId,
    pub host: &'a str,
    pub lifetime: Duration,
    pub requested_at: Timestamp,
    pub reap_at: Timestamp,
    pub revision: i64,
}

/// Returns the newest revision; 0 without sessions.
pub async fn revision(connection: &mut Connection) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar("SELECT coalesce(max(revision), 0) FROM sessions").fetch_one(connection).await?)
}

/// Adds a session that starts. Returns its id; fails if its owner has one of the challenge.
pub async fn insert(connection: &mut Connection, new: &NewSession<'_>) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar(
        "INSERT INTO sessions (key, key_digest, front, challenge_id, version, owner, nonce, runner_id, engine_id, host,
             state, fence, lifetime_ms, requested_at, reap_at, revision)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'starting', 1, $11, $12, $13, $14) RETURNING id",
    )
    .bind(new.key)
    .bind(Digest::of(new.key.as_bytes()).to_string())
    .bind(new.front)
    .bind(new.challenge_id)
    .bind(new.version)
    .bind(new.owner.as_str())
    .bind(new.nonce)
    .bind(new.runner_id.as_str())
    .bind(new.engine_id.as_str())
    .bind(new.host)
    .bind(i64::try_from(new.lifetime.as_millis()).unwrap_or(i64::MAX))
    .bind(new.requested_at.as_millis())
    .bind(new.reap_at.as_millis())
    .bind(new.revision)
    .fetch_one(connection)
    .await?)
}

/// Writes what changes of a session.
pub async fn update(connection: &mut Connection, session: &Session) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE sessions SET state = $2, fence = $3, restarts = $4, container_id = $5, running_at = $6, reap_at = $7,
             solved_at = $8, ended_at = $9, outcome = $10, reason = $11, revision = $12
         WHERE id = $1",
    )
    .bind(session.id)
    .bind(session.state.as_str())
    .bind(session.fence)
    .bind(session.restarts)
    .bind(&session.container_id)
    .bind(session.running_at.map(Timestamp::as_millis))
    .bind(session.reap_at.as_millis())
    .bind(session.solved_at.map(Timestamp::as_millis))
    .bind(session.ended_at.map(Timestamp::as_millis))
    .bind(&session.outcome)
    .bind(&session.reason)
    .bind(session.revision)
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

/// Returns the live session of an owner and a challenge.
pub async fn live(connection: &mut Connection, owner: &Owner, challenge: i64) -> Result<Option<Session>, StoreError> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT * FROM sessions
         WHERE owner = $1 AND challenge_id = $2 AND state IN ('starting', 'running', 'lost')",
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
        "SELECT count(*) FROM sessions WHERE owner = $1 AND state IN ('starting', 'running', 'lost')",
    )
    .bind(owner.as_str())
    .fetch_one(connection)
    .await?)
}

/// Returns the number of live sessions of a front.
pub async fn count_of_front(connection: &mut Connection, front: &str) -> Result<u32, StoreError> {
    Ok(sqlx::query_scalar(
        "SELECT count(*) FROM sessions WHERE front = $1 AND state IN ('starting', 'running', 'lost')",
    )
    .bind(front)
    .fetch_one(connection)
    .await?)
}

/// Returns the live sessions of a front whose owner's name begins so, the newest first.
pub async fn live_of_front(connection: &mut Connection, front: &str, owners: &str) -> Result<Vec<Session>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT * FROM sessions
         WHERE front = $1 AND substr(owner, 1, length($2)) = $2 AND state IN ('starting', 'running', 'lost')
         ORDER BY id DESC",
    )
    .bind(front)
    .bind(owners)
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Session::try_from).collect()
}

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
        "SELECT * FROM sessions WHERE state IN ('starting', 'running', 'lost') AND owner IN (
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

/// Returns the number of sessions that live, or are being stopped, by state and front.
pub async fn counts(connection: &mut Connection) -> Result<Vec<(String, String, i64)>, StoreError> {
    let query = sqlx::query_as(
        "SELECT state, front, COUNT(*) FROM sessions WHERE state IN ('starting', 'running', 'lost', 'stopping')
         GROUP BY state, front",
    );
    Ok(query.fetch_all(connection).await?)
}

/// Returns all live sessions and those that stop, the newest first.
pub async fn all_present(connection: &mut Connection) -> Result<Vec<Session>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT * FROM sessions WHERE state IN ('starting', 'running', 'lost', 'stopping') ORDER BY id DESC",
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Session::try_from).collect()
}

/// Returns the newest sessions of a challenge that are not this owner's.
pub async fn of_others(
    connection: &mut Connection,
    challenge: i64,
    owner: &Owner,
    limit: u32,
) -> Result<Vec<Session>, StoreError> {
    let rows: Vec<Row> =
        sqlx::query_as("SELECT * FROM sessions WHERE challenge_id = $1 AND owner <> $2 ORDER BY id DESC LIMIT $3")
            .bind(challenge)
            .bind(owner.as_str())
            .bind(limit)
            .fetch_all(connection)
            .await?;
    rows.into_iter().map(Session::try_from).collect()
}

/// Returns live sessions that are due to be reaped, the longest due first.
pub async fn to_reap(connection: &mut Connection, now: Timestamp, limit: u32) -> Result<Vec<Session>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT * FROM sessions WHERE state IN ('starting', 'running', 'lost') AND reap_at <= $1
         ORDER BY reap_at LIMIT $2",
    )
    .bind(now.as_millis())
    .bind(limit)
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Session::try_from).collect()
}

/// Returns the runners that have sessions in this state.
pub async fn runners_with(connection: &mut Connection, state: SessionState) -> Result<Vec<RunnerId>, StoreError> {
    let runners: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT runner_id FROM sessions
         WHERE state IN ('starting', 'running', 'lost', 'stopping') AND state = $1",
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

/// Returns the sessions of runners that were removed.
pub async fn abandoned(connection: &mut Connection) -> Result<Vec<Session>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT * FROM sessions WHERE state IN ('starting', 'running', 'lost', 'stopping')
             AND NOT EXISTS (SELECT 1 FROM runners WHERE runners.id = runner_id)",
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Session::try_from).collect()
}
