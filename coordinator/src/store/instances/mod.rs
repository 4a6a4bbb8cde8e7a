//! Challenges of kind `instance`, the engines that run them, and their sessions.

pub mod authoring;
pub mod engines;
pub mod inventories;
pub mod ports;
pub mod processes;
pub mod secrets;
pub mod services;
pub mod sessions;

use super::attachments::number;
use super::cells::{from_json, to_json};
use super::{Connection, StoreError};
use challengectl_common::instance::{InstanceSpec, Policy};
use challengectl_common::{ChallengeName, Timestamp};
use challengectl_event::instance::Form;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use std::time::Duration;

/// A challenge of kind `instance` as it is stored.
#[derive(Debug, Clone)]
pub struct InstanceChallenge {
    /// The id, never reused.
    pub id: i64,
    /// What people write to name it in URLs: made once, never changed.
    pub slug: String,
    /// Its name.
    pub name: ChallengeName,
    /// Whether players see it.
    pub visible: bool,
    /// What players read.
    pub about: About,
    /// What it is worth.
    pub points: u32,
    /// How its instances live.
    pub policy: Policy,
    /// The version of the spec that new sessions get.
    pub version: i64,
}

/// What players read about a challenge.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub struct About {
    pub category: String,
    pub difficulty: String,
    pub description: String,
    pub tags: Vec<String>,
    pub author: String,
    pub estimated_time: String,
    pub learning_objectives: Vec<String>,
    /// Their texts are told to nobody by a list.
    pub hints: Vec<String>,
    /// Keys of its `challenge.yml` that have no meaning here.
    #[serde(skip_serializing_if = "serde_json::Map::is_empty")]
    pub other_keys: serde_json::Map<String, serde_json::Value>,
}

impl From<&Form> for About {
    fn from(form: &Form) -> Self {
        Self {
            category: form.category.clone(),
            difficulty: form.difficulty.clone(),
            description: form.description.clone(),
            tags: form.tags.clone(),
            author: form.author.clone(),
            estimated_time: form.estimated_time.clone(),
            learning_objectives: form.learning_objectives.clone(),
            hints: form.hints.clone(),
            other_keys: form.other_keys.clone(),
        }
    }
}

#[derive(FromRow)]
struct Row {
    id: i64,
    slug: String,
    name: String,
    enabled: bool,
    about: String,
    points: u32,
    policy: String,
    version: i64,
}

impl InstanceChallenge {
    /// Returns how long an instance lives unless its owner asks for another time.
    #[must_use]
    pub fn lifetime(&self) -> Duration {
        Duration::from_secs(self.policy.lifetime_seconds.into())
    }
}

impl TryFrom<Row> for InstanceChallenge {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            slug: row.slug,
            name: ChallengeName::stored(row.name),
            visible: row.enabled,
            about: from_json(&row.about, "about")?,
            points: row.points,
            policy: from_json(&row.policy, "policy")?,
            version: row.version,
        })
    }
}

/// A new challenge.
#[derive(Debug)]
#[expect(missing_docs, reason = "as in `InstanceChallenge`")]
pub struct NewInstanceChallenge<'a> {
    pub slug: &'a str,
    pub name: &'a ChallengeName,
    pub enabled: bool,
    pub about: &'a About,
    pub policy: &'a Policy,
    pub spec: &'a InstanceSpec,
}

/// Returns the challenges whose instances have containers. Those with a process are for the sessions API.
pub async fn all(connection: &mut Connection) -> Result<Vec<InstanceChallenge>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, slug, name, enabled, about, COALESCE(points, 0) AS points, policy, it.version
         FROM challenges JOIN instance_challenges AS it ON it.challenge_id = id
         JOIN instance_specs AS specs ON specs.challenge_id = id AND specs.version = it.version
         LEFT JOIN scores ON scores.challenge_id = id WHERE spec ->> '$.process' IS NULL ORDER BY id",
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(InstanceChallenge::try_from).collect()
}

/// Returns the challenge with this slug; `None` if there is none.
pub async fn find(connection: &mut Connection, slug: &str) -> Result<Option<InstanceChallenge>, StoreError> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT id, slug, name, enabled, about, COALESCE(points, 0) AS points, policy, version
         FROM challenges JOIN instance_challenges AS it ON it.challenge_id = id
         LEFT JOIN scores ON scores.challenge_id = id WHERE slug = $1",
    )
    .bind(slug)
    .fetch_optional(connection)
    .await?;
    row.map(InstanceChallenge::try_from).transpose()
}

/// Returns a challenge; `None` if there is none with this id.
pub async fn get(connection: &mut Connection, id: i64) -> Result<Option<InstanceChallenge>, StoreError> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT id, slug, name, enabled, about, COALESCE(points, 0) AS points, policy, version
         FROM challenges JOIN instance_challenges AS it ON it.challenge_id = id
         LEFT JOIN scores ON scores.challenge_id = id WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(connection)
    .await?;
    row.map(InstanceChallenge::try_from).transpose()
}

/// Adds a challenge with the first version of its spec. Returns its id; fails if the slug is taken.
pub async fn insert(
    connection: &mut Connection,
    new: &NewInstanceChallenge<'_>,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let id = sqlx::query_scalar(
        "INSERT INTO challenges (kind, name, enabled, public_view, updated_at)
         VALUES ('instance', $1, $2, '{}', $3) RETURNING id",
    )
    .bind(new.name.as_str())
    .bind(new.enabled)
    .bind(now.as_millis())
    .fetch_one(&mut *connection)
    .await?;
    sqlx::query(
        "INSERT INTO instance_challenges (challenge_id, slug, about, policy, version)
         VALUES ($1, $2, $3, $4, 1)",
    )
    .bind(id)
    .bind(new.slug)
    .bind(to_json(new.about, "about")?)
    .bind(to_json(new.policy, "policy")?)
    .execute(&mut *connection)
    .await?;
    sqlx::query("INSERT INTO instance_specs (challenge_id, version, spec) VALUES ($1, 1, $2)")
        .bind(id)
        .bind(to_json(new.spec, "spec")?)
        .execute(&mut *connection)
        .await?;
    number(connection, id, &new.about.tags, &new.about.hints).await?;
    Ok(id)
}

/// Returns a version of a spec.
pub async fn spec(connection: &mut Connection, challenge: i64, version: i64) -> Result<InstanceSpec, StoreError> {
    let spec: String = sqlx::query_scalar("SELECT spec FROM instance_specs WHERE challenge_id = $1 AND version = $2")
        .bind(challenge)
        .bind(version)
        .fetch_one(connection)
        .await?;
    from_json(&spec, "spec")
}

/// Returns the slug of a challenge; empty if it was deleted.
pub async fn slug(connection: &mut Connection, challenge: i64) -> Result<String, StoreError> {
    let slug: Option<String> = sqlx::query_scalar("SELECT slug FROM instance_challenges WHERE challenge_id = $1")
        .bind(challenge)
        .fetch_optional(connection)
        .await?;
    Ok(slug.unwrap_or_default())
}
