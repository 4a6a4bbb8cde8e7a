//! The roster: runners and their radios, for people.

use super::runners::{KnownRadio, infos};
use crate::store::cells::{parse, timestamp};
use crate::store::{Connection, StoreError};
use challengectl_common::{Band, RunnerId, Timestamp};
use sqlx::FromRow;
use std::collections::BTreeSet;

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
    pub radios: Vec<KnownRadio>,
}

impl Runner {
    /// The frequency limits of all its radios.
    #[must_use]
    pub fn limits(&self) -> BTreeSet<Band> {
        self.radios.iter().flat_map(|radio| radio.info.frequency_limits.iter().copied()).collect()
    }
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
