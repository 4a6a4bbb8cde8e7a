//! What the engines of runners have.

use crate::store::cells::{from_json, parse, to_json};
use crate::store::{Connection, StoreError};
use challengectl_common::wire::inventories::{ImageInfo, Inventory};
use challengectl_common::{RunnerId, Timestamp};
use sqlx::FromRow;

/// What an engine has, as its runner has last said.
#[derive(Debug, Clone)]
pub struct StoredInventory {
    /// The runner.
    pub runner_id: RunnerId,
    /// The engine and what it has.
    pub inventory: Inventory,
    /// Whether the runner said so over TLS.
    pub is_secure: bool,
}

/// Replaces what an engine has.
pub async fn put(connection: &mut Connection, stored: &StoredInventory, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO inventories (runner_id, engine_id, images, swarm, secure, reported_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (runner_id, engine_id) DO UPDATE SET images = excluded.images, swarm = excluded.swarm,
             secure = excluded.secure, reported_at = excluded.reported_at",
    )
    .bind(stored.runner_id.as_str())
    .bind(stored.inventory.engine_id.as_str())
    .bind(to_json(&stored.inventory.images, "images")?)
    .bind(stored.inventory.swarm)
    .bind(stored.is_secure)
    .bind(now.as_millis())
    .execute(connection)
    .await?;
    Ok(())
}

/// Returns what the engines of enabled runners have.
pub async fn usable(connection: &mut Connection) -> Result<Vec<StoredInventory>, StoreError> {
    #[derive(FromRow)]
    struct Row {
        runner_id: String,
        engine_id: String,
        images: String,
        swarm: bool,
        secure: bool,
    }
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT it.runner_id, it.engine_id, images, swarm, secure
         FROM inventories AS it
         JOIN engines ON engines.runner_id = it.runner_id AND engines.engine_id = it.engine_id
         JOIN runners ON runners.id = it.runner_id
         WHERE runners.enabled = 1 ORDER BY it.runner_id, it.engine_id",
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let images: Vec<ImageInfo> = from_json(&row.images, "images")?;
            let engine_id = parse(&row.engine_id, "engine id")?;
            Ok(StoredInventory {
                runner_id: parse(&row.runner_id, "runner id")?,
                inventory: Inventory { engine_id, swarm: row.swarm, images },
                is_secure: row.secure,
            })
        })
        .collect()
}
