//! Challenges: what organisers wrote, and their state.

pub mod conference;
pub mod ranges;
mod schedule;

pub use schedule::{
    Far, Waiting, bound, cut, failed, far, pull_in, set_due, start, succeeded, too_far, trigger, waiting,
};

use crate::store::cells::{from_json, timestamp, to_json};
use crate::store::{Connection, StoreError};
use challengectl_common::challenge::{Kind, TransmissionSpec};
use challengectl_common::{ChallengeName, ChallengeSpec, Timestamp};
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{FromRow, Sqlite};
use std::ops::Range;

type Statement<'q> = Query<'q, Sqlite, SqliteArguments>;

/// A challenge as it is stored.
#[derive(Debug, Clone)]
pub struct Challenge {
    /// The id, never reused, also after the challenge is deleted.
    pub id: i64,
    /// What the organiser wrote.
    pub spec: ChallengeSpec,
    /// When an import last named it; `None` if none did.
    pub listed_at: Option<Timestamp>,
    /// Its state as a transmission, which is the only kind so far.
    pub air: AirState,
}

/// The signal of a transmission and the state of its schedule.
#[derive(Debug, Clone)]
pub struct AirState {
    /// Duration and occupied span.
    pub profile: SignalProfile,
    /// The earliest time at which it may go on air next.
    pub due_at: Timestamp,
    /// When an operator triggered it; `None` once it has been assigned since.
    pub triggered_at: Option<Timestamp>,
    /// Failed transmissions since the last success.
    pub failures: u32,
    /// When its last successful transmission ended.
    pub last_success_at: Option<Timestamp>,
    /// Whether it is assigned now.
    pub live: bool,
}

/// The duration and the occupied span of a signal, computed from its waveform.
#[derive(Debug, Clone, PartialEq)]
pub struct SignalProfile {
    /// Time on air in milliseconds.
    pub duration_ms: i64,
    /// Occupied span in hertz, relative to the nominal frequency.
    pub occupied: Range<f64>,
}

#[derive(FromRow)]
struct Row {
    id: i64,
    name: String,
    modulation: String,
    tuning: String,
    payload: String,
    parameters: String,
    public_view: String,
    only_on: String,
    enabled: bool,
    priority: i64,
    min_delay_ms: i64,
    max_delay_ms: i64,
    duration_ms: i64,
    occupied_low: f64,
    occupied_high: f64,
    due_at: i64,
    triggered_at: Option<i64>,
    failures: u32,
    last_success_at: Option<i64>,
    live: bool,
    listed_at: Option<i64>,
}

impl TryFrom<Row> for Challenge {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let transmission = TransmissionSpec {
            modulation: row.modulation,
            tuning: from_json(&row.tuning, "tuning")?,
            payload: from_json(&row.payload, "payload")?,
            parameters: from_json(&row.parameters, "parameters")?,
            priority: row.priority,
            min_delay_ms: row.min_delay_ms,
            max_delay_ms: row.max_delay_ms,
            only_on: from_json(&row.only_on, "only_on")?,
        };
        let air = AirState {
            profile: SignalProfile { duration_ms: row.duration_ms, occupied: row.occupied_low..row.occupied_high },
            due_at: Timestamp::from_millis(row.due_at),
            triggered_at: timestamp(row.triggered_at),
            failures: row.failures,
            last_success_at: timestamp(row.last_success_at),
            live: row.live,
        };
        let spec = ChallengeSpec {
            name: ChallengeName::stored(row.name),
            enabled: row.enabled,
            public_view: from_json(&row.public_view, "public view")?,
            kind: Kind::Transmission(transmission),
        };
        Ok(Self { id: row.id, spec, listed_at: timestamp(row.listed_at), air })
    }
}

/// Returns all challenges, sorted by name.
pub async fn all(connection: &mut Connection) -> Result<Vec<Challenge>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT challenges.*, transmission_challenges.*, EXISTS (
             SELECT 1 FROM assignments WHERE state = 'live' AND assignments.challenge_id = challenges.id
         ) AS live
         FROM challenges JOIN transmission_challenges ON challenge_id = id ORDER BY name",
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Challenge::try_from).collect()
}

/// Returns a challenge; `None` if there is none with this id.
pub async fn find(connection: &mut Connection, id: i64) -> Result<Option<Challenge>, StoreError> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT challenges.*, transmission_challenges.*, EXISTS (
             SELECT 1 FROM assignments WHERE state = 'live' AND assignments.challenge_id = challenges.id
         ) AS live
         FROM challenges JOIN transmission_challenges ON challenge_id = id WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(connection)
    .await?;
    row.map(Challenge::try_from).transpose()
}

/// Adds a challenge. Returns its id; fails if the name is taken.
pub async fn insert(
    connection: &mut Connection,
    spec: &ChallengeSpec,
    profile: &SignalProfile,
    due_at: Timestamp,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let Kind::Transmission(transmission) = &spec.kind;
    let id = sqlx::query_scalar(
        "INSERT INTO challenges (kind, name, enabled, public_view, updated_at)
         VALUES ('transmission', $1, $2, $3, $4) RETURNING id",
    )
    .bind(spec.name.as_str())
    .bind(spec.enabled)
    .bind(to_json(&spec.public_view, "public view")?)
    .bind(now.as_millis())
    .fetch_one(&mut *connection)
    .await?;
    let query = sqlx::query(
        "INSERT INTO transmission_challenges (challenge_id, modulation, tuning, payload, parameters, only_on, priority,
             min_delay_ms, max_delay_ms, duration_ms, occupied_low, occupied_high, due_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    );
    bind_transmission(query.bind(id), transmission, profile)?.bind(due_at.as_millis()).execute(connection).await?;
    Ok(id)
}

/// Binds the columns of the spec and the signal profile to `$2` to `$12`.
fn bind_transmission<'q>(
    query: Statement<'q>,
    spec: &'q TransmissionSpec,
    profile: &SignalProfile,
) -> Result<Statement<'q>, StoreError> {
    Ok(query
        .bind(&spec.modulation)
        .bind(to_json(&spec.tuning, "tuning")?)
        .bind(to_json(&spec.payload, "payload")?)
        .bind(to_json(&spec.parameters, "parameters")?)
        .bind(to_json(&spec.only_on, "only_on")?)
        .bind(spec.priority)
        .bind(spec.min_delay_ms)
        .bind(spec.max_delay_ms)
        .bind(profile.duration_ms)
        .bind(profile.occupied.start)
        .bind(profile.occupied.end))
}

/// Replaces the spec and the signal profile; due time and history stay. Disabling also clears a trigger.
pub async fn update(
    connection: &mut Connection,
    id: i64,
    spec: &ChallengeSpec,
    profile: &SignalProfile,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Kind::Transmission(transmission) = &spec.kind;
    sqlx::query("UPDATE challenges SET name = $1, enabled = $2, public_view = $3, updated_at = $4 WHERE id = $5")
        .bind(spec.name.as_str())
        .bind(spec.enabled)
        .bind(to_json(&spec.public_view, "public view")?)
        .bind(now.as_millis())
        .bind(id)
        .execute(&mut *connection)
        .await?;
    let query = sqlx::query(
        "UPDATE transmission_challenges SET modulation = $2, tuning = $3, payload = $4, parameters = $5, only_on = $6,
             priority = $7, min_delay_ms = $8, max_delay_ms = $9, duration_ms = $10, occupied_low = $11,
             occupied_high = $12, triggered_at = CASE WHEN $13 = 1 THEN triggered_at ELSE NULL END
         WHERE challenge_id = $1",
    );
    bind_transmission(query.bind(id), transmission, profile)?.bind(spec.enabled).execute(connection).await?;
    Ok(())
}

/// Records that an import names these challenges.
pub async fn list(
    connection: &mut Connection,
    names: impl Iterator<Item = &str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE challenges SET listed_at = $1
         WHERE kind = 'transmission' AND name IN (SELECT value FROM json_each($2))",
    )
    .bind(now.as_millis())
    .bind(to_json(&names.collect::<Vec<_>>(), "names")?)
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes a challenge; its history stays.
pub async fn delete(connection: &mut Connection, id: i64) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM challenges WHERE id = $1").bind(id).execute(connection).await?;
    Ok(())
}

/// Returns the id of the challenge with this name; `None` if there is none.
pub async fn id_of(connection: &mut Connection, name: &ChallengeName) -> Result<Option<i64>, StoreError> {
    Ok(sqlx::query_scalar("SELECT id FROM challenges WHERE kind = 'transmission' AND name = $1")
        .bind(name.as_str())
        .fetch_optional(connection)
        .await?)
}
