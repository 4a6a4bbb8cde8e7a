//! Runners and their radios.

use crate::store::cells::{from_json, integer, parse, timestamp, to_json};
use crate::store::challenges::ranges::RangeBands;
use crate::store::{Connection, StoreError};
use challengectl_common::wire::{Identification, NULL_DRIVER, RadioInfo};
use challengectl_common::{Band, DutyCycle, RadioId, RunnerId, Timestamp};
use sqlx::FromRow;
use std::collections::BTreeMap;
use std::time::Duration;

/// A radio, as scheduling needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct Radio {
    /// Its runner.
    pub runner_id: RunnerId,
    /// Unique on the runner.
    pub radio_id: RadioId,
    /// The bands that it may transmit in; with `ranges` also empty: any.
    pub limits: Vec<Band>,
    /// The named ranges of the event that it may transmit in as well.
    pub ranges: Vec<String>,
    /// Its sample rate in samples per second.
    pub sample_rate: Option<u64>,
    /// Whether it sends nothing.
    pub simulated: bool,
    /// The part of the time for which it may be on air.
    pub duty_cycle: Option<DutyCycle>,
    /// The longest time for which it may be on air.
    pub max_on_air: Option<Duration>,
    /// How it identifies its station.
    pub identification: Option<Identification>,
}

impl Radio {
    /// Returns a radio as its runner describes it.
    #[must_use]
    pub fn of(runner: &RunnerId, info: &RadioInfo) -> Self {
        Self {
            runner_id: runner.clone(),
            radio_id: info.id.clone(),
            limits: info.frequency_limits.clone(),
            ranges: info.frequency_ranges.clone(),
            sample_rate: info.sample_rate,
            simulated: is_simulated(info.driver.as_deref()),
            duty_cycle: info.duty_cycle,
            max_on_air: info.max_on_air_seconds.map(|seconds| Duration::from_secs(seconds.into())),
            identification: info.identification.clone(),
        }
    }

    /// Returns the bands of its named ranges that `known` has.
    #[must_use]
    pub fn named(&self, known: &RangeBands) -> RangeBands {
        let band = |name: &String| Some((name.clone(), *known.get(name)?));
        self.ranges.iter().filter_map(band).collect()
    }

    /// By how much an identification makes a transmission longer; zero without one.
    #[must_use]
    pub fn identification_length(&self) -> Duration {
        let length = self.identification.as_ref().map(|identification| identification.length_seconds);
        length.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).unwrap_or_default()
    }

    /// The longest signal that it may send, so that an identification may follow; `None`: any.
    #[must_use]
    pub fn longest_signal(&self) -> Option<Duration> {
        self.max_on_air.map(|longest| longest.saturating_sub(self.identification_length()))
    }
}

/// A radio that rests.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the columns have the same names")]
pub struct Resting {
    pub runner_id: RunnerId,
    pub radio_id: RadioId,
    /// It may be on air again from then on.
    pub until: Timestamp,
}

/// Returns whether a radio with this driver sends nothing.
#[must_use]
pub fn is_simulated(driver: Option<&str>) -> bool {
    driver == Some(NULL_DRIVER)
}

/// Adds a runner. Returns `false` if it exists; then it stays as it is.
pub async fn enroll(connection: &mut Connection, id: &RunnerId, now: Timestamp) -> Result<bool, StoreError> {
    let done = sqlx::query("INSERT INTO runners (id, enrolled_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING")
        .bind(id.as_str())
        .bind(now.as_millis())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Returns whether the runner is enrolled.
pub async fn is_known(connection: &mut Connection, id: &RunnerId) -> Result<bool, StoreError> {
    let found: Option<i64> =
        sqlx::query_scalar("SELECT 1 FROM runners WHERE id = $1").bind(id.as_str()).fetch_optional(connection).await?;
    Ok(found.is_some())
}

/// Records that a runner has registered with exactly these radios. Returns whether it is enabled; `None` if it has been
/// deleted.
pub async fn register(
    connection: &mut Connection,
    id: &RunnerId,
    radios: &[RadioInfo],
    host: (Option<&str>, Option<&str>),
    single_task: bool,
    now: Timestamp,
) -> Result<Option<bool>, StoreError> {
    let (hostname, version) = host;
    let enabled = sqlx::query_scalar(
        "UPDATE runners SET online = 1, hostname = $1, version = $2, registered_at = $3, last_heartbeat = $3,
             single_task = $4
         WHERE id = $5 RETURNING enabled",
    )
    .bind(hostname)
    .bind(version)
    .bind(now.as_millis())
    .bind(single_task)
    .bind(id.as_str())
    .fetch_optional(&mut *connection)
    .await?;
    let Some(enabled) = enabled else { return Ok(None) };
    sqlx::query("DELETE FROM radios WHERE runner_id = $1").bind(id.as_str()).execute(&mut *connection).await?;
    for (position, radio) in (0_i64..).zip(radios) {
        sqlx::query(
            "INSERT INTO radios (runner_id, radio_id, position, driver, model, frequency_limits, sample_rate, duty_cycle,
                 max_on_air_ms, identification, rests_until, frequency_ranges)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        )
        .bind(id.as_str())
        .bind(radio.id.as_str())
        .bind(position)
        .bind(&radio.driver)
        .bind(&radio.model)
        .bind(to_json(&radio.frequency_limits, "frequency limits")?)
        .bind(radio.sample_rate.map(integer))
        .bind(radio.duty_cycle.map(DutyCycle::part))
        .bind(radio.max_on_air_seconds.map(|seconds| i64::from(seconds) * 1000))
        .bind(radio.identification.as_ref().map(|it| to_json(it, "identification")).transpose()?)
        .bind(radio.rests_seconds.map(|seconds| rested(now, seconds).as_millis()))
        .bind(named(&radio.frequency_ranges)?)
        .execute(&mut *connection)
        .await?;
    }
    Ok(Some(enabled))
}

/// Records that a runner has signed out.
pub async fn sign_out(connection: &mut Connection, id: &RunnerId) -> Result<(), StoreError> {
    sqlx::query("UPDATE runners SET online = 0 WHERE id = $1").bind(id.as_str()).execute(connection).await?;
    Ok(())
}

/// Records when a runner was last heard of.
pub async fn heard(connection: &mut Connection, id: &RunnerId, at: Timestamp) -> Result<(), StoreError> {
    sqlx::query("UPDATE runners SET last_heartbeat = $1 WHERE id = $2")
        .bind(at.as_millis())
        .bind(id.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

/// A runner that has registered and not signed out.
#[derive(Debug, Clone)]
pub struct Present {
    /// The runner.
    pub id: RunnerId,
    /// Whether it is enabled.
    pub enabled: bool,
    /// Whether it works on one task at a time, so that a poll means that it has none.
    pub single_task: bool,
    /// When it was last heard of.
    pub last_heartbeat: Option<Timestamp>,
}

/// Returns the runners that have registered and not signed out.
pub async fn present(connection: &mut Connection) -> Result<Vec<Present>, StoreError> {
    let rows: Vec<(String, bool, bool, Option<i64>)> =
        sqlx::query_as("SELECT id, enabled, single_task, last_heartbeat FROM runners WHERE online = 1")
            .fetch_all(connection)
            .await?;
    let present = |(id, enabled, single_task, heard): (String, bool, bool, Option<i64>)| {
        Ok(Present { id: parse(&id, "runner id")?, enabled, single_task, last_heartbeat: timestamp(heard) })
    };
    rows.into_iter().map(present).collect()
}

/// Enables or disables a runner. Returns `false` if it does not exist.
pub async fn set_enabled(connection: &mut Connection, id: &RunnerId, enabled: bool) -> Result<bool, StoreError> {
    let done = sqlx::query("UPDATE runners SET enabled = $1 WHERE id = $2")
        .bind(enabled)
        .bind(id.as_str())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Deletes a runner with its radios and keys. Returns `false` if it does not exist.
pub async fn delete(connection: &mut Connection, id: &RunnerId) -> Result<bool, StoreError> {
    let done = sqlx::query("DELETE FROM runners WHERE id = $1").bind(id.as_str()).execute(connection).await?;
    Ok(done.rows_affected() == 1)
}

/// Returns the column of named ranges; `None` if there are none.
fn named(ranges: &[String]) -> Result<Option<String>, StoreError> {
    if ranges.is_empty() { Ok(None) } else { to_json(&ranges, "frequency ranges").map(Some) }
}

fn rested(now: Timestamp, seconds: f64) -> Timestamp {
    now.after(Duration::try_from_secs_f64(seconds).unwrap_or_default())
}

/// Sets the rest of a radio after a time on air of `on_air`, if it has a duty cycle.
pub async fn rest(
    connection: &mut Connection,
    runner: &RunnerId,
    radio: &RadioId,
    on_air: Duration,
    now: Timestamp,
) -> Result<(), StoreError> {
    let duty_cycle: Option<Option<f64>> =
        sqlx::query_scalar("SELECT duty_cycle FROM radios WHERE runner_id = $1 AND radio_id = $2")
            .bind(runner.as_str())
            .bind(radio.as_str())
            .fetch_optional(&mut *connection)
            .await?;
    let Some(duty_cycle) = duty_cycle.flatten().and_then(|part| DutyCycle::new(part).ok()) else { return Ok(()) };
    sqlx::query("UPDATE radios SET rests_until = $1 WHERE runner_id = $2 AND radio_id = $3")
        .bind(now.after(duty_cycle.rest_after(on_air)).as_millis())
        .bind(runner.as_str())
        .bind(radio.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

/// Returns the radios that rest at `now`. Read after each change, so it reads only these from an index: of a large fleet
/// most have rested long ago.
pub async fn resting(connection: &mut Connection, now: Timestamp) -> Result<Vec<Resting>, StoreError> {
    let rows: Vec<(String, String, i64)> =
        sqlx::query_as("SELECT runner_id, radio_id, rests_until FROM radios WHERE rests_until > $1")
            .bind(now.as_millis())
            .fetch_all(connection)
            .await?;
    let resting = |(runner, radio, until): (String, String, i64)| {
        Ok(Resting {
            runner_id: parse(&runner, "runner id")?,
            radio_id: parse(&radio, "radio id")?,
            until: Timestamp::from_millis(until),
        })
    };
    rows.into_iter().map(resting).collect()
}

/// Moves the ends of all rests by `step_ms` milliseconds, by which the clock was set: a rest is as long as before.
pub async fn shift_rests(connection: &mut Connection, step_ms: i64) -> Result<(), StoreError> {
    sqlx::query("UPDATE radios SET rests_until = rests_until + $1 WHERE rests_until IS NOT NULL")
        .bind(step_ms)
        .execute(connection)
        .await?;
    Ok(())
}

/// Returns all radios of runners that have ever registered, in the order of their registration.
pub async fn radios(connection: &mut Connection) -> Result<Vec<Radio>, StoreError> {
    let mut radios = Vec::new();
    for (runner, known) in infos(connection).await? {
        let runner = parse(&runner, "runner id")?;
        radios.extend(known.iter().map(|known| Radio::of(&runner, &known.info)));
    }
    Ok(radios)
}

/// A radio as its runner describes it, and as the server knows it.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownRadio {
    /// What its runner says.
    pub info: RadioInfo,
    /// Until when it rests after what it sent last; of a stored one, this may be past.
    pub rests_until: Option<Timestamp>,
}

/// All radios as their runners describe them, in the order the runners gave, by runner.
pub async fn infos(connection: &mut Connection) -> Result<BTreeMap<String, Vec<KnownRadio>>, StoreError> {
    #[derive(FromRow)]
    struct Row {
        runner_id: String,
        radio_id: String,
        driver: Option<String>,
        model: Option<String>,
        frequency_limits: String,
        sample_rate: Option<i64>,
        duty_cycle: Option<f64>,
        max_on_air_ms: Option<i64>,
        identification: Option<String>,
        rests_until: Option<i64>,
        frequency_ranges: Option<String>,
    }
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT runner_id, radio_id, driver, model, frequency_limits, sample_rate, duty_cycle, max_on_air_ms,
             identification, rests_until, frequency_ranges
         FROM radios ORDER BY runner_id, position",
    )
    .fetch_all(connection)
    .await?;
    let mut by_runner: BTreeMap<String, Vec<KnownRadio>> = BTreeMap::new();
    for row in rows {
        let info = RadioInfo {
            id: parse(&row.radio_id, "radio id")?,
            driver: row.driver,
            model: row.model,
            frequency_limits: from_json(&row.frequency_limits, "frequency limits")?,
            frequency_ranges: match &row.frequency_ranges {
                Some(text) => from_json(text, "frequency ranges")?,
                None => Vec::new(),
            },
            sample_rate: row.sample_rate.and_then(|rate| u64::try_from(rate).ok()),
            duty_cycle: row.duty_cycle.and_then(|part| DutyCycle::new(part).ok()),
            max_on_air_seconds: row.max_on_air_ms.and_then(|ms| u32::try_from(ms / 1000).ok()),
            rests_seconds: None,
            identification: row.identification.map(|text| from_json(&text, "identification")).transpose()?,
        };
        let rests_until = timestamp(row.rests_until);
        by_runner.entry(row.runner_id).or_default().push(KnownRadio { info, rests_until });
    }
    Ok(by_runner)
}

/// Sets signs of life in the future to now: the clock was ahead at the time.
pub async fn pull_in(connection: &mut Connection, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("UPDATE runners SET last_heartbeat = $1 WHERE last_heartbeat > $1")
        .bind(now.as_millis())
        .execute(connection)
        .await?;
    Ok(())
}
