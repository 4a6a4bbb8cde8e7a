//! Runners and their radios.

use crate::store::cells::{from_json, integer, parse, timestamp, to_json};
use crate::store::{Connection, StoreError};
use challengectl_common::wire::{NULL_DRIVER, RadioInfo};
use challengectl_common::{Band, RadioId, RunnerId, Timestamp};
use sqlx::FromRow;

/// A radio, as scheduling needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Radio {
    /// Its runner.
    pub runner_id: RunnerId,
    /// Unique on the runner.
    pub radio_id: RadioId,
    /// The bands that it may transmit in; empty: any.
    pub limits: Vec<Band>,
    /// Its sample rate in samples per second.
    pub sample_rate: Option<u64>,
    /// Whether it sends nothing.
    pub simulated: bool,
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
            "INSERT INTO radios (runner_id, radio_id, position, driver, model, frequency_limits, sample_rate)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(id.as_str())
        .bind(radio.id.as_str())
        .bind(position)
        .bind(&radio.driver)
        .bind(&radio.model)
        .bind(to_json(&radio.frequency_limits, "frequency limits")?)
        .bind(radio.sample_rate.map(integer))
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

/// Returns all radios of runners that have ever registered, in the order of their registration.
pub async fn radios(connection: &mut Connection) -> Result<Vec<Radio>, StoreError> {
    #[derive(FromRow)]
    struct Row {
        runner_id: String,
        radio_id: String,
        driver: Option<String>,
        frequency_limits: String,
        sample_rate: Option<i64>,
    }
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT runner_id, radio_id, driver, frequency_limits, sample_rate FROM radios ORDER BY runner_id, position",
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Radio {
                runner_id: parse(&row.runner_id, "runner id")?,
                radio_id: parse(&row.radio_id, "radio id")?,
                limits: from_json(&row.frequency_limits, "frequency limits")?,
                sample_rate: row.sample_rate.and_then(|rate| u64::try_from(rate).ok()),
                simulated: is_simulated(row.driver.as_deref()),
            })
        })
        .collect()
}

/// Sets signs of life in the future to now: the clock was ahead at the time.
pub async fn pull_in(connection: &mut Connection, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("UPDATE runners SET last_heartbeat = $1 WHERE last_heartbeat > $1")
        .bind(now.as_millis())
        .execute(connection)
        .await?;
    Ok(())
}
