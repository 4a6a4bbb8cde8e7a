//! Slots: the places of teams in deployed challenges.

use crate::session::{Owner, SessionState};
use crate::store::cells::{corrupt, from_json, parse, timestamp, to_json};
use crate::store::{Connection, StoreError};
use challengectl_common::wire::deployments::{ContainerImage, Deployed};
use challengectl_common::{RunnerId, Timestamp};
use sqlx::FromRow;
use std::net::Ipv4Addr;

/// Teams of a challenge, at most: their numbers have three digits.
pub const MAX_TEAMS: u32 = 999;

/// The place of a team in a deployed challenge.
#[derive(Debug, Clone)]
pub struct Slot {
    /// The challenge, which may be deleted.
    pub challenge_id: i64,
    /// The number of the team.
    pub team: u32,
    /// The session that it has now.
    pub session_id: i64,
    /// Its namespace.
    pub namespace: String,
    /// What the names of its objects begin with.
    pub name: String,
    /// Its address; `None`: the cluster chooses.
    pub address: Option<Ipv4Addr>,
    /// What its front calls this incarnation.
    pub key: String,
    /// When this incarnation began.
    pub created_at: Timestamp,
    /// The generation that it has.
    pub generation: i64,
    /// Whether it stays when its session is over.
    pub wanted: bool,
    /// Whether none of its containers may run.
    pub paused: bool,
    /// Why it does not run, in the words of its runner.
    pub message: Option<String>,
    /// What the cluster shows of it.
    pub deployed: Deployed,
    /// When its runner has last reported.
    pub seen_at: Option<Timestamp>,
    /// The version of the spec with which it was last seen running.
    pub ready_version: Option<i64>,
    /// The images that it has in the place of those of the spec.
    pub images: Vec<ContainerImage>,
}

#[derive(FromRow)]
struct Row {
    challenge_id: i64,
    team: u32,
    session_id: i64,
    namespace: String,
    name: String,
    address: Option<String>,
    key: String,
    created_at: i64,
    generation: i64,
    wanted: bool,
    paused: bool,
    message: Option<String>,
    deployed: String,
    seen_at: Option<i64>,
    ready_version: Option<i64>,
    images: String,
}

impl TryFrom<Row> for Slot {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            challenge_id: row.challenge_id,
            team: row.team,
            session_id: row.session_id,
            namespace: row.namespace,
            name: row.name,
            address: row.address.map(|address| parse(&address, "address")).transpose()?,
            key: row.key,
            created_at: Timestamp::from_millis(row.created_at),
            generation: row.generation,
            wanted: row.wanted,
            paused: row.paused,
            message: row.message,
            deployed: from_json(&row.deployed, "deployed")?,
            seen_at: timestamp(row.seen_at),
            ready_version: row.ready_version,
            images: from_json(&row.images, "images")?,
        })
    }
}

fn read(rows: Vec<Row>) -> Result<Vec<Slot>, StoreError> {
    rows.into_iter().map(Slot::try_from).collect()
}

/// Returns the slots of a challenge, by team.
pub async fn of_challenge(connection: &mut Connection, challenge: i64) -> Result<Vec<Slot>, StoreError> {
    let query = sqlx::query_as("SELECT * FROM slots WHERE challenge_id = $1 ORDER BY team");
    read(query.bind(challenge).fetch_all(connection).await?)
}

/// A slot with what its session, its cluster and its namespace say of it.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The slot.
    pub slot: Slot,
    /// How its session stands.
    pub state: SessionState,
    /// The version of the spec that its session has.
    pub version: i64,
    /// The runner of its session.
    pub runner: Option<RunnerId>,
    /// When its cluster has last answered its runner.
    pub answered_at: Option<Timestamp>,
    /// Whether its session waits, while another challenge has something in its namespace.
    pub waits_for_names: bool,
}

#[derive(FromRow)]
struct SeenRow {
    #[sqlx(flatten)]
    slot: Row,
    state: String,
    version: i64,
    runner_id: Option<String>,
    answered_at: Option<i64>,
    waits_for_names: bool,
}

/// Returns the slots of all challenges, or of one, as they are seen, by challenge and team.
pub async fn seen(connection: &mut Connection, challenge: Option<i64>) -> Result<Vec<Seen>, StoreError> {
    let rows: Vec<SeenRow> = sqlx::query_as(
        "SELECT slots.*, state, version, sessions.runner_id, answered_at, state = 'queued' AND EXISTS (
             SELECT 1 FROM slots AS other
             WHERE other.namespace = slots.namespace AND other.challenge_id <> slots.challenge_id
         ) AS waits_for_names
         FROM slots JOIN sessions ON sessions.id = session_id
         LEFT JOIN engines ON engines.runner_id = sessions.runner_id AND engines.engine_id = sessions.engine_id
         WHERE $1 IS NULL OR slots.challenge_id = $1 ORDER BY slots.challenge_id, team",
    )
    .bind(challenge)
    .fetch_all(connection)
    .await?;
    let seen = |row: SeenRow| {
        Ok(Seen {
            slot: row.slot.try_into()?,
            state: SessionState::parse(&row.state).ok_or_else(|| corrupt("state of a session", &row.state))?,
            version: row.version,
            runner: row.runner_id.map(|runner| parse(&runner, "runner id")).transpose()?,
            answered_at: timestamp(row.answered_at),
            waits_for_names: row.waits_for_names,
        })
    };
    rows.into_iter().map(seen).collect()
}

/// Returns the slot that a session is of.
pub async fn of_session(connection: &mut Connection, session: i64) -> Result<Option<Slot>, StoreError> {
    let query = sqlx::query_as("SELECT * FROM slots WHERE session_id = $1").bind(session);
    query.fetch_optional(connection).await?.map(|row: Row| Slot::try_from(row)).transpose()
}

/// Returns whether the slot of a session is paused.
pub async fn is_paused(connection: &mut Connection, session: i64) -> Result<bool, StoreError> {
    let query = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM slots WHERE session_id = $1 AND paused = 1)");
    Ok(query.bind(session).fetch_one(connection).await?)
}

/// Returns the slots whose session is over.
pub async fn over(connection: &mut Connection) -> Result<Vec<Slot>, StoreError> {
    let query = sqlx::query_as(
        "SELECT slots.* FROM slots JOIN sessions ON sessions.id = session_id
         WHERE state IN ('stopped', 'failed') ORDER BY slots.challenge_id, team",
    );
    read(query.fetch_all(connection).await?)
}

/// Returns the slots whose session waits for an engine.
pub async fn waiting(connection: &mut Connection) -> Result<Vec<Slot>, StoreError> {
    let query = sqlx::query_as(
        "SELECT slots.* FROM slots JOIN sessions ON sessions.id = session_id
         WHERE state = 'queued' ORDER BY slots.challenge_id, team",
    );
    read(query.fetch_all(connection).await?)
}

/// Returns whether other challenges have something in this namespace.
pub async fn is_shared(connection: &mut Connection, namespace: &str, challenge: i64) -> Result<bool, StoreError> {
    let query = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM slots WHERE namespace = $1 AND challenge_id <> $2)");
    Ok(query.bind(namespace).bind(challenge).fetch_one(connection).await?)
}

/// Returns the challenges with slots that are behind their challenge.
pub async fn behind(connection: &mut Connection) -> Result<Vec<i64>, StoreError> {
    Ok(sqlx::query_scalar(
        "SELECT DISTINCT it.challenge_id FROM deployed_challenges AS it
         JOIN slots ON slots.challenge_id = it.challenge_id JOIN sessions ON sessions.id = session_id
         WHERE wanted = 1 AND paused = 0 AND state IN ('starting', 'running', 'lost')
             AND (slots.generation <> it.generation OR sessions.version <> deployed_version)",
    )
    .fetch_all(connection)
    .await?)
}

/// Returns the number that an owner has in all challenges: that of the team, or of an account one of its own.
pub async fn number_of(connection: &mut Connection, owner: &Owner) -> Result<Option<u32>, StoreError> {
    let query = sqlx::query_scalar(
        "SELECT slot FROM teams WHERE 'team:' || id = $1 AND slot IS NOT NULL
         UNION ALL SELECT team FROM deployers WHERE 'account:' || account_id = $1 AND team IS NOT NULL",
    );
    Ok(query.bind(owner.as_str()).fetch_optional(connection).await?)
}

/// Returns the addresses that are leased.
pub async fn addresses(connection: &mut Connection) -> Result<Vec<Ipv4Addr>, StoreError> {
    let all: Vec<String> =
        sqlx::query_scalar("SELECT address FROM slots WHERE address IS NOT NULL").fetch_all(connection).await?;
    all.iter().map(|address| parse(address, "address")).collect()
}

/// Adds a slot; fails if its team has one, or its address is leased.
pub async fn insert(connection: &mut Connection, slot: &Slot) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO slots (challenge_id, team, session_id, namespace, name, address, key, created_at, generation,
             wanted, paused)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(slot.challenge_id)
    .bind(slot.team)
    .bind(slot.session_id)
    .bind(&slot.namespace)
    .bind(&slot.name)
    .bind(slot.address.map(|address| address.to_string()))
    .bind(&slot.key)
    .bind(slot.created_at.as_millis())
    .bind(slot.generation)
    .bind(slot.wanted)
    .bind(slot.paused)
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes what changes of a slot.
pub async fn update(connection: &mut Connection, slot: &Slot) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE slots SET session_id = $3, key = $4, created_at = $5, generation = $6, wanted = $7, paused = $8,
             message = $9, deployed = $10, seen_at = $11, ready_version = $12, images = $13
         WHERE challenge_id = $1 AND team = $2",
    )
    .bind(slot.challenge_id)
    .bind(slot.team)
    .bind(slot.session_id)
    .bind(&slot.key)
    .bind(slot.created_at.as_millis())
    .bind(slot.generation)
    .bind(slot.wanted)
    .bind(slot.paused)
    .bind(&slot.message)
    .bind(to_json(&slot.deployed, "deployed")?)
    .bind(slot.seen_at.map(Timestamp::as_millis))
    .bind(slot.ready_version)
    .bind(to_json(&slot.images, "images")?)
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes a slot, which frees its address and its names.
pub async fn delete(connection: &mut Connection, slot: &Slot) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM slots WHERE challenge_id = $1 AND team = $2")
        .bind(slot.challenge_id)
        .bind(slot.team)
        .execute(connection)
        .await?;
    Ok(())
}

/// Gives the session of a slot another version of the spec.
pub async fn set_version(connection: &mut Connection, session: i64, version: i64) -> Result<(), StoreError> {
    let query = sqlx::query("UPDATE sessions SET version = $2 WHERE id = $1").bind(session).bind(version);
    query.execute(connection).await?;
    Ok(())
}
