//! Challenges: what goes on air, and when each is due.

pub mod conference;
pub mod ranges;

use crate::store::cells::{from_json, timestamp, to_json};
use crate::store::{Connection, StoreError};
use challengectl_common::{ChallengeName, ChallengeSpec, Sender, Timestamp, Tuning};
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{FromRow, Sqlite};
use std::ops::Range;

type Statement<'q> = Query<'q, Sqlite, SqliteArguments>;

/// A challenge as it is stored.
#[derive(Debug, Clone)]
pub struct Challenge {
    /// Never used again, also not after the challenge is gone.
    pub id: i64,
    /// What the organiser wrote.
    pub spec: ChallengeSpec,
    /// Its signal.
    pub profile: SignalProfile,
    /// When it goes on air next, at the earliest.
    pub due_at: Timestamp,
    /// When somebody wanted it on air at once, while it has not gone since.
    pub triggered_at: Option<Timestamp>,
    /// Failed transmissions since the last that did not fail.
    pub failures: u32,
    /// When it last was on air as a whole.
    pub last_success_at: Option<Timestamp>,
    /// Whether it is assigned now.
    pub live: bool,
    /// When an import last named it; none: it was made by hand.
    pub listed_at: Option<Timestamp>,
}

impl Challenge {
    /// `assigned` to a radio, `queued` since it is due, or `waiting` until it is.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> &'static str {
        match () {
            () if self.live => "assigned",
            () if self.due_at <= now => "queued",
            () => "waiting",
        }
    }
}

/// How long a signal lasts and what it occupies, computed from its waveform.
#[derive(Debug, Clone, PartialEq)]
pub struct SignalProfile {
    /// Milliseconds on air.
    pub duration_ms: i64,
    /// Hertz relative to the nominal frequency.
    pub occupied: Range<f64>,
}

/// What scheduling needs to know of a challenge that is enabled and not on air.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// Which.
    pub id: i64,
    /// Higher goes first.
    pub priority: i64,
    /// When it may go.
    pub due_at: Timestamp,
    /// When somebody wanted it on air at once.
    pub triggered_at: Option<Timestamp>,
    /// When it last went.
    pub last_started_at: Option<Timestamp>,
    /// When its last time on air was over, however it ended.
    pub last_ended_at: Option<Timestamp>,
    /// Where it may go.
    pub tuning: Tuning,
    /// Hertz relative to the nominal frequency.
    pub occupied: Range<f64>,
    /// Who may send it; none named: everybody.
    pub only_on: Vec<Sender>,
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
        Ok(Self {
            id: row.id,
            spec: ChallengeSpec {
                name: ChallengeName::stored(row.name),
                modulation: row.modulation,
                tuning: from_json(&row.tuning, "tuning")?,
                payload: from_json(&row.payload, "payload")?,
                parameters: from_json(&row.parameters, "parameters")?,
                enabled: row.enabled,
                priority: row.priority,
                min_delay_ms: row.min_delay_ms,
                max_delay_ms: row.max_delay_ms,
                public_view: from_json(&row.public_view, "public view")?,
                only_on: from_json(&row.only_on, "only_on")?,
            },
            profile: SignalProfile { duration_ms: row.duration_ms, occupied: row.occupied_low..row.occupied_high },
            due_at: Timestamp::from_millis(row.due_at),
            triggered_at: timestamp(row.triggered_at),
            failures: row.failures,
            last_success_at: timestamp(row.last_success_at),
            live: row.live,
            listed_at: timestamp(row.listed_at),
        })
    }
}

/// All challenges, by name.
///
/// # Errors
/// When the database cannot be read.
pub async fn all(connection: &mut Connection) -> Result<Vec<Challenge>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT challenges.*, transmission_challenges.*, EXISTS (
             SELECT 1 FROM assignments WHERE state = 'live' AND assignments.challenge_id = challenges.id
         ) AS live FROM challenges JOIN transmission_challenges ON challenge_id = id ORDER BY name",
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Challenge::try_from).collect()
}

/// One challenge.
///
/// # Errors
/// When the database cannot be read.
pub async fn find(connection: &mut Connection, id: i64) -> Result<Option<Challenge>, StoreError> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT challenges.*, transmission_challenges.*, EXISTS (
             SELECT 1 FROM assignments WHERE state = 'live' AND assignments.challenge_id = challenges.id
         ) AS live FROM challenges JOIN transmission_challenges ON challenge_id = id WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(connection)
    .await?;
    row.map(Challenge::try_from).transpose()
}

/// The challenges that go on air when they are due: enabled, and not on air already.
///
/// # Errors
/// When the database cannot be read.
pub async fn waiting(connection: &mut Connection) -> Result<Vec<Waiting>, StoreError> {
    #[derive(FromRow)]
    struct Row {
        id: i64,
        priority: i64,
        due_at: i64,
        triggered_at: Option<i64>,
        last_started_at: Option<i64>,
        last_ended_at: Option<i64>,
        tuning: String,
        occupied_low: f64,
        occupied_high: f64,
        only_on: String,
    }
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, priority, due_at, triggered_at, last_started_at, last_ended_at, tuning, occupied_low,
             occupied_high, only_on
         FROM challenges JOIN transmission_challenges ON challenge_id = id
         WHERE enabled = 1
           AND NOT EXISTS (SELECT 1 FROM assignments WHERE state = 'live' AND assignments.challenge_id = challenges.id)",
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Waiting {
                id: row.id,
                priority: row.priority,
                due_at: Timestamp::from_millis(row.due_at),
                triggered_at: timestamp(row.triggered_at),
                last_started_at: timestamp(row.last_started_at),
                last_ended_at: timestamp(row.last_ended_at),
                tuning: from_json(&row.tuning, "tuning")?,
                occupied: row.occupied_low..row.occupied_high,
                only_on: from_json(&row.only_on, "only_on")?,
            })
        })
        .collect()
}

/// The runners and radios that any challenge is bound to.
///
/// # Errors
/// When the database cannot be read.
pub async fn bound(connection: &mut Connection) -> Result<Vec<Sender>, StoreError> {
    let rows: Vec<String> =
        sqlx::query_scalar("SELECT DISTINCT only_on FROM transmission_challenges WHERE only_on <> '[]'")
            .fetch_all(connection)
            .await?;
    let mut bound = Vec::new();
    for row in rows {
        bound.extend(from_json::<Vec<Sender>>(&row, "only_on")?);
    }
    Ok(bound)
}

/// Adds a challenge and gives its id.
///
/// # Errors
/// When the database cannot be written to, or has one of that name.
pub async fn insert(
    connection: &mut Connection,
    spec: &ChallengeSpec,
    profile: &SignalProfile,
    due_at: Timestamp,
    now: Timestamp,
) -> Result<i64, StoreError> {
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
    describe(query.bind(id), spec, profile)?.bind(due_at.as_millis()).execute(connection).await?;
    Ok(id)
}

/// Binds what goes on air to `$2` and so on, up to `$12`.
fn describe<'q>(
    query: Statement<'q>,
    spec: &'q ChallengeSpec,
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

/// Changes what a challenge is; its due time and history stay. Disabling it takes a trigger back.
///
/// # Errors
/// When the database cannot be written to.
pub async fn update(
    connection: &mut Connection,
    id: i64,
    spec: &ChallengeSpec,
    profile: &SignalProfile,
    now: Timestamp,
) -> Result<(), StoreError> {
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
    describe(query.bind(id), spec, profile)?.bind(spec.enabled).execute(connection).await?;
    Ok(())
}

/// Notes that an import names these challenges.
///
/// # Errors
/// When the database cannot be written to.
pub async fn list(
    connection: &mut Connection,
    names: impl Iterator<Item = &str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE challenges SET listed_at = $1 WHERE name IN (SELECT value FROM json_each($2))")
        .bind(now.as_millis())
        .bind(to_json(&names.collect::<Vec<_>>(), "names")?)
        .execute(connection)
        .await?;
    Ok(())
}

/// Makes a challenge due now and lets it go before all others.
///
/// # Errors
/// When the database cannot be written to.
pub async fn trigger(connection: &mut Connection, id: i64, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE transmission_challenges SET due_at = CASE WHEN due_at < $1 THEN due_at ELSE $1 END,
             triggered_at = coalesce(triggered_at, $1)
         WHERE challenge_id = $2",
    )
    .bind(now.as_millis())
    .bind(id)
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes a challenge; its history stays.
///
/// # Errors
/// When the database cannot be written to.
pub async fn delete(connection: &mut Connection, id: i64) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM challenges WHERE id = $1").bind(id).execute(connection).await?;
    Ok(())
}

/// The id of the challenge of that name.
///
/// # Errors
/// When the database cannot be read.
pub async fn id_of(connection: &mut Connection, name: &ChallengeName) -> Result<Option<i64>, StoreError> {
    Ok(sqlx::query_scalar("SELECT id FROM challenges WHERE name = $1")
        .bind(name.as_str())
        .fetch_optional(connection)
        .await?)
}

/// Notes that a challenge goes on air, and gives the fence of this time.
///
/// # Errors
/// When the database cannot be written to.
pub async fn start(connection: &mut Connection, id: i64, now: Timestamp) -> Result<i64, StoreError> {
    let fence = sqlx::query_scalar(
        "UPDATE transmission_challenges SET fence = fence + 1, last_started_at = $1, triggered_at = NULL
         WHERE challenge_id = $2 RETURNING fence",
    )
    .bind(now.as_millis())
    .bind(id)
    .fetch_one(connection)
    .await?;
    Ok(fence)
}

/// Notes that all of a challenge was on air.
///
/// # Errors
/// When the database cannot be written to.
pub async fn succeeded(
    connection: &mut Connection,
    id: i64,
    now: Timestamp,
    due_at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE transmission_challenges SET last_success_at = $1, last_ended_at = $1, failures = 0, due_at = $2
         WHERE challenge_id = $3",
    )
    .bind(now.as_millis())
    .bind(due_at.as_millis())
    .bind(id)
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes that a transmission went wrong.
///
/// # Errors
/// When the database cannot be written to.
pub async fn failed(connection: &mut Connection, id: i64, now: Timestamp, due_at: Timestamp) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE transmission_challenges SET last_ended_at = $1, failures = failures + 1, due_at = $2
         WHERE challenge_id = $3",
    )
    .bind(now.as_millis())
    .bind(due_at.as_millis())
    .bind(id)
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes that a transmission was cut or given up. The due time stays: the challenge has lost nothing.
///
/// # Errors
/// When the database cannot be written to.
pub async fn cut(connection: &mut Connection, id: i64, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("UPDATE transmission_challenges SET last_ended_at = $1 WHERE challenge_id = $2")
        .bind(now.as_millis())
        .bind(id)
        .execute(connection)
        .await?;
    Ok(())
}

/// How many challenges have times that no clock of today would have given: due later than their longest pause from now,
/// or on air in the future.
///
/// # Errors
/// When the database cannot be read.
pub async fn too_far(connection: &mut Connection, now: Timestamp) -> Result<i64, StoreError> {
    let far = sqlx::query_scalar(
        "SELECT count(*) FROM transmission_challenges
         WHERE due_at > $1 + max_delay_ms OR last_started_at > $1 OR last_ended_at > $1 OR triggered_at > $1",
    )
    .bind(now.as_millis())
    .fetch_one(connection)
    .await?;
    Ok(far)
}

/// A challenge that is due later than its longest pause from now.
#[derive(Debug, FromRow)]
#[expect(missing_docs, reason = "the columns have the same names")]
pub struct Far {
    pub id: i64,
    pub name: String,
    pub min_delay_ms: i64,
    pub max_delay_ms: i64,
}

/// The challenges that are due later than their longest pause from now.
///
/// # Errors
/// When the database cannot be read.
pub async fn far(connection: &mut Connection, now: Timestamp) -> Result<Vec<Far>, StoreError> {
    Ok(sqlx::query_as(
        "SELECT id, name, min_delay_ms, max_delay_ms FROM challenges JOIN transmission_challenges ON challenge_id = id
         WHERE due_at > $1 + max_delay_ms ORDER BY due_at",
    )
    .bind(now.as_millis())
    .fetch_all(connection)
    .await?)
}

/// Sets when a challenge is due.
///
/// # Errors
/// When the database cannot be written to.
pub async fn set_due(connection: &mut Connection, id: i64, due_at: Timestamp) -> Result<(), StoreError> {
    sqlx::query("UPDATE transmission_challenges SET due_at = $1 WHERE challenge_id = $2")
        .bind(due_at.as_millis())
        .bind(id)
        .execute(connection)
        .await?;
    Ok(())
}

/// Brings what was on air in the future to now, since challenges yield to each other by these times.
///
/// # Errors
/// When the database cannot be written to.
pub async fn pull_in(connection: &mut Connection, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE transmission_challenges SET last_started_at = min(last_started_at, $1),
             last_ended_at = min(last_ended_at, $1), triggered_at = min(triggered_at, $1)
         WHERE last_started_at > $1 OR last_ended_at > $1 OR triggered_at > $1",
    )
    .bind(now.as_millis())
    .execute(connection)
    .await?;
    Ok(())
}
