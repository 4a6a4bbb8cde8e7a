//! The roster: runners and their radios, for people.

use crate::store::cells::{from_json, parse, timestamp};
use crate::store::{Connection, StoreError};
use challengectl_common::wire::RadioInfo;
use challengectl_common::{RunnerId, Timestamp};
use sqlx::FromRow;
use std::collections::HashMap;

/// A runner, for people.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the columns have the same names")]
pub struct Runner {
    pub id: RunnerId,
    pub enabled: bool,
    pub hostname: Option<String>,
    pub version: Option<String>,
    pub enrolled_at: Timestamp,
    pub registered_at: Option<Timestamp>,
    pub last_heartbeat: Option<Timestamp>,
    pub radios: Vec<RadioInfo>,
}

/// Returns all runners by their ids.
pub async fn all(connection: &mut Connection) -> Result<Vec<Runner>, StoreError> {
    #[derive(FromRow)]
    struct Row {
        id: String,
        enabled: bool,
        hostname: Option<String>,
        version: Option<String>,
        enrolled_at: i64,
        registered_at: Option<i64>,
        last_heartbeat: Option<i64>,
    }
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, enabled, hostname, version, enrolled_at, registered_at, last_heartbeat FROM runners ORDER BY id",
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut radios = infos(connection).await?;
    rows.into_iter()
        .map(|row| {
            Ok(Runner {
                radios: radios.remove(&row.id).unwrap_or_default(),
                id: parse(&row.id, "runner id")?,
                enabled: row.enabled,
                hostname: row.hostname,
                version: row.version,
                enrolled_at: Timestamp::from_millis(row.enrolled_at),
                registered_at: timestamp(row.registered_at),
                last_heartbeat: timestamp(row.last_heartbeat),
            })
        })
        .collect()
}

/// Returns all radios as their runners describe them, by runner.
async fn infos(connection: &mut Connection) -> Result<HashMap<String, Vec<RadioInfo>>, StoreError> {
    #[derive(FromRow)]
    struct Row {
        runner_id: String,
        radio_id: String,
        driver: Option<String>,
        model: Option<String>,
        frequency_limits: String,
        sample_rate: Option<i64>,
    }
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT runner_id, radio_id, driver, model, frequency_limits, sample_rate FROM radios
         ORDER BY runner_id, position",
    )
    .fetch_all(connection)
    .await?;
    let mut by_runner: HashMap<String, Vec<RadioInfo>> = HashMap::new();
    for row in rows {
        by_runner.entry(row.runner_id).or_default().push(RadioInfo {
            id: parse(&row.radio_id, "radio id")?,
            driver: row.driver,
            model: row.model,
            frequency_limits: from_json(&row.frequency_limits, "frequency limits")?,
            sample_rate: row.sample_rate.and_then(|rate| u64::try_from(rate).ok()),
        });
    }
    Ok(by_runner)
}
