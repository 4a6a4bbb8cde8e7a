//! The engines of runners.

use crate::store::cells::{corrupt, parse};
use crate::store::{Connection, StoreError};
use challengectl_common::wire::instances::{EngineInfo, EngineKind};
use challengectl_common::{EngineId, RunnerId, Timestamp};
use sqlx::FromRow;
use std::collections::HashMap;

/// An engine, and how full it is.
#[derive(Debug, Clone)]
pub struct Engine {
    /// Its runner.
    pub runner_id: RunnerId,
    /// Unique on the runner.
    pub engine_id: EngineId,
    /// What it starts.
    pub kind: EngineKind,
    /// The host by which players reach its ports.
    pub host: String,
    /// The ports that it may publish, both ends included.
    pub ports: (u16, u16),
    /// The maximum number of instances at once.
    pub capacity: u32,
    /// The instances that it has, or that are not yet removed.
    pub used: u32,
}

/// Replaces the engines of a runner. When those that stay have answered is kept.
pub async fn replace(connection: &mut Connection, runner: &RunnerId, engines: &[EngineInfo]) -> Result<(), StoreError> {
    let answers: Vec<(String, Option<i64>)> =
        sqlx::query_as("SELECT engine_id, answered_at FROM engines WHERE runner_id = $1")
            .bind(runner.as_str())
            .fetch_all(&mut *connection)
            .await?;
    let answers: HashMap<String, Option<i64>> = answers.into_iter().collect();
    sqlx::query("DELETE FROM engines WHERE runner_id = $1").bind(runner.as_str()).execute(&mut *connection).await?;
    for engine in engines {
        sqlx::query(
            "INSERT INTO engines (runner_id, engine_id, kind, host, first_port, last_port, capacity, answered_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(runner.as_str())
        .bind(engine.id.as_str())
        .bind(engine.kind.as_str())
        .bind(&engine.host)
        .bind(engine.ports.first)
        .bind(engine.ports.last)
        .bind(engine.capacity)
        .bind(answers.get(engine.id.as_str()).copied().flatten())
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Records when an engine has last answered. An answer before the last one that is known changes nothing.
pub async fn answered(
    connection: &mut Connection,
    runner: &RunnerId,
    engine: &EngineId,
    at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE engines SET answered_at = $3
         WHERE runner_id = $1 AND engine_id = $2 AND (answered_at IS NULL OR answered_at < $3)",
    )
    .bind(runner.as_str())
    .bind(engine.as_str())
    .bind(at.as_millis())
    .execute(connection)
    .await?;
    Ok(())
}

/// Returns the engines of enabled runners.
pub async fn usable(connection: &mut Connection) -> Result<Vec<Engine>, StoreError> {
    #[derive(FromRow)]
    struct Row {
        runner_id: String,
        engine_id: String,
        kind: String,
        host: String,
        first_port: u16,
        last_port: u16,
        capacity: u32,
        used: u32,
    }
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT engines.runner_id, engines.engine_id, kind, host, first_port, last_port, capacity, (
             SELECT count(*) FROM sessions
             WHERE sessions.runner_id = engines.runner_id AND sessions.engine_id = engines.engine_id
                 AND state IN ('starting', 'running', 'lost', 'stopping')
         ) AS used
         FROM engines JOIN runners ON runners.id = engines.runner_id WHERE enabled = 1",
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Engine {
                runner_id: parse(&row.runner_id, "runner id")?,
                engine_id: parse(&row.engine_id, "engine id")?,
                kind: kind(&row.kind)?,
                host: row.host,
                ports: (row.first_port, row.last_port),
                capacity: row.capacity,
                used: row.used,
            })
        })
        .collect()
}

fn kind(text: &str) -> Result<EngineKind, StoreError> {
    let all = [EngineKind::Docker, EngineKind::Process, EngineKind::Kubernetes];
    all.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| corrupt("kind of an engine", &text))
}
