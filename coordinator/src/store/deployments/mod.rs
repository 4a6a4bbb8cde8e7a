//! Challenges that are deployed for teams, beside what all challenges of kind `instance` have.

pub mod images;
pub mod slots;

use super::cells::{from_json, parse, to_json};
use super::{Connection, StoreError};
use challengectl_common::wire::deployments::{ContainerImage, PodSecurity, Requests};
use challengectl_common::{EngineId, RunnerId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::FromRow;

/// A challenge that is deployed for teams.
#[derive(Debug, Clone)]
pub struct DeployedChallenge {
    /// The id, never reused.
    pub id: i64,
    /// What its front calls it.
    pub key: String,
    /// Its name, unique, of which namespace and names are made.
    pub name: String,
    /// What people read.
    pub description: String,
    /// As its author has written it.
    pub config: Value,
    /// The teams for which the next deploy has instances.
    pub teams: u32,
    /// Whether users see it, and it may be deployed.
    pub active: bool,
    /// The key of the deployer who made it.
    pub made_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// The engine of its slots; `None` before the first.
    pub engine: Option<(RunnerId, EngineId)>,
    /// The version of the spec that the next deploy has.
    pub version: i64,
    /// What the last deploy asked for; `None` before the first.
    pub goal: Option<Goal>,
    /// The images that the first instance of the goal was seen to have; empty before that.
    pub images: Vec<ContainerImage>,
}

/// What a deploy has asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Goal {
    /// The version of the spec.
    pub version: i64,
    /// The number of teams.
    pub teams: u32,
    /// Grows when all pods are to be replaced.
    pub generation: i64,
}

/// What a cluster needs to know beside the spec.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Manner {
    /// Whether browsers open it: port 80 leads to its first port then, unless it has one.
    pub is_http: bool,
    /// What is kept free for each container.
    pub requests: Vec<Requests>,
    /// Whether containers may reach the world outside the cluster.
    pub reaches_out: bool,
    /// The profile of containers.
    pub security: PodSecurity,
    /// The Secret with which images are pulled.
    pub pull_secret: Option<String>,
}

#[derive(FromRow)]
struct Row {
    id: i64,
    key: String,
    name: String,
    description: String,
    config: String,
    teams: u32,
    active: bool,
    made_by: String,
    created_at: i64,
    updated_at: i64,
    runner_id: Option<String>,
    engine_id: Option<String>,
    version: i64,
    deployed_version: Option<i64>,
    deployed_teams: u32,
    generation: i64,
    images: String,
}

impl TryFrom<Row> for DeployedChallenge {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let engine = match (row.runner_id, row.engine_id) {
            (Some(runner), Some(engine)) => Some((parse(&runner, "runner id")?, parse(&engine, "engine id")?)),
            _ => None,
        };
        let (teams, generation) = (row.deployed_teams, row.generation);
        Ok(Self {
            id: row.id,
            key: row.key,
            name: row.name,
            description: row.description,
            config: from_json(&row.config, "config")?,
            teams: row.teams,
            active: row.active,
            made_by: row.made_by,
            created_at: Timestamp::from_millis(row.created_at),
            updated_at: Timestamp::from_millis(row.updated_at),
            engine,
            version: row.version,
            goal: row.deployed_version.map(|version| Goal { version, teams, generation }),
            images: from_json(&row.images, "images")?,
        })
    }
}

/// Returns the challenges, all or the one with this key, the oldest first.
pub async fn all(connection: &mut Connection, key: Option<&str>) -> Result<Vec<DeployedChallenge>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT deployed.challenge_id AS id, key, name, description, config, teams, active, made_by, created_at,
             updated_at, runner_id, engine_id, version, deployed_version, deployed_teams, generation, images
         FROM deployed_challenges AS deployed
         JOIN instance_challenges AS it ON it.challenge_id = deployed.challenge_id
         WHERE $1 IS NULL OR key = $1 ORDER BY deployed.challenge_id",
    )
    .bind(key)
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(DeployedChallenge::try_from).collect()
}

/// Adds what a challenge has beside the others; fails if the name is taken.
pub async fn insert(connection: &mut Connection, new: &DeployedChallenge) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO deployed_challenges (challenge_id, key, name, description, config, teams, active, made_by,
             created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)",
    )
    .bind(new.id)
    .bind(&new.key)
    .bind(&new.name)
    .bind(&new.description)
    .bind(to_json(&new.config, "config")?)
    .bind(new.teams)
    .bind(new.active)
    .bind(&new.made_by)
    .bind(new.created_at.as_millis())
    .execute(connection)
    .await?;
    Ok(())
}

/// Returns whether a challenge is one of those that are deployed for teams.
pub async fn is_deployed(connection: &mut Connection, id: i64) -> Result<bool, StoreError> {
    let query = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM deployed_challenges WHERE challenge_id = $1)");
    Ok(query.bind(id).fetch_one(connection).await?)
}

/// Returns whether another challenge than this one has a name.
pub async fn is_taken(connection: &mut Connection, name: &str, id: i64) -> Result<bool, StoreError> {
    let taken = "SELECT EXISTS (SELECT 1 FROM deployed_challenges WHERE name = $1 AND challenge_id <> $2)";
    Ok(sqlx::query_scalar(taken).bind(name).bind(id).fetch_one(connection).await?)
}

/// Writes what an author changes; fails if the name is taken.
pub async fn update(connection: &mut Connection, it: &DeployedChallenge) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE deployed_challenges SET name = $2, description = $3, config = $4, teams = $5, active = $6,
             updated_at = $7
         WHERE challenge_id = $1",
    )
    .bind(it.id)
    .bind(&it.name)
    .bind(&it.description)
    .bind(to_json(&it.config, "config")?)
    .bind(it.teams)
    .bind(it.active)
    .bind(it.updated_at.as_millis())
    .execute(connection)
    .await?;
    Ok(())
}

/// Records what a deploy asks for. Other pods may have other images.
pub async fn set_goal(connection: &mut Connection, id: i64, goal: Goal) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE deployed_challenges SET deployed_version = $2, deployed_teams = $3, generation = $4,
             images = CASE WHEN deployed_version = $2 AND generation = $4 THEN images ELSE '[]' END
         WHERE challenge_id = $1",
    )
    .bind(id)
    .bind(goal.version)
    .bind(goal.teams)
    .bind(goal.generation)
    .execute(connection)
    .await?;
    Ok(())
}

/// Records the engine of the slots of a challenge.
pub async fn set_engine(
    connection: &mut Connection,
    id: i64,
    runner: &RunnerId,
    engine: &EngineId,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE deployed_challenges SET runner_id = $2, engine_id = $3 WHERE challenge_id = $1")
        .bind(id)
        .bind(runner.as_str())
        .bind(engine.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

/// Adds what goes with a version of a spec.
pub async fn add_manner(connection: &mut Connection, id: i64, version: i64, manner: &Manner) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO deployment_manners (challenge_id, version, manner) VALUES ($1, $2, $3)")
        .bind(id)
        .bind(version)
        .bind(to_json(manner, "manner")?)
        .execute(connection)
        .await?;
    Ok(())
}

/// Returns what goes with a version of a spec; one that was written on another front has the last before it.
pub async fn manner(connection: &mut Connection, id: i64, version: i64) -> Result<Manner, StoreError> {
    let manner: Option<String> = sqlx::query_scalar(
        "SELECT manner FROM deployment_manners WHERE challenge_id = $1 AND version <= $2 ORDER BY version DESC LIMIT 1",
    )
    .bind(id)
    .bind(version)
    .fetch_optional(connection)
    .await?;
    manner.map_or(Ok(Manner::default()), |manner| from_json(&manner, "manner"))
}
