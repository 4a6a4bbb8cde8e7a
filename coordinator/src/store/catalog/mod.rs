//! What the Docker front keeps of challenges beside what all fronts know.

pub mod entries;
pub mod flags;

use super::cells::{from_json, to_json};
use super::instances::services::SecretUse;
use super::{Connection, StoreError};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// What the Docker front keeps of a challenge.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Card {
    /// Whether it is started as a service of a swarm.
    pub is_service: bool,
    /// Whether it is hidden as `locked`, which counts only while it is hidden.
    pub is_locked: bool,
    /// By which of its flags it is solved.
    pub logic: Logic,
    /// Whom it is due to.
    pub attribution: Option<String>,
    /// How players reach it.
    pub connection_info: Option<String>,
    /// When it shall be shown, as it was given.
    pub scheduled_at: Option<String>,
    /// The challenge that follows it.
    pub next_id: Option<i64>,
    /// The module that it is in.
    pub module_id: Option<i64>,
    /// What has to be solved before it.
    pub requirements: Option<Requirements>,
    /// The secrets that its services get.
    pub secrets: Vec<SecretUse>,
}

/// What has to be solved before a challenge.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirements {
    /// The challenges.
    #[serde(default)]
    pub prerequisites: Vec<i64>,
    /// Whether it is listed without its name until then; else it is not listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anonymize: Option<bool>,
}

/// By which of its flags a challenge is solved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Logic {
    /// By any.
    #[default]
    Any,
    /// By all of them.
    All,
    /// By any, which each member of a team has to submit.
    Team,
}

/// Returns the cards of all challenges that have one.
pub async fn cards(connection: &mut Connection) -> Result<HashMap<i64, Card>, StoreError> {
    let rows: Vec<(i64, String)> = sqlx::query_as("SELECT challenge_id, card FROM cards").fetch_all(connection).await?;
    rows.into_iter().map(|(id, card)| Ok((id, from_json(&card, "card")?))).collect()
}

/// Returns the card of a challenge; one that has none has the default.
pub async fn card(connection: &mut Connection, challenge: i64) -> Result<Card, StoreError> {
    let card: Option<String> = sqlx::query_scalar("SELECT card FROM cards WHERE challenge_id = $1")
        .bind(challenge)
        .fetch_optional(connection)
        .await?;
    card.map_or_else(|| Ok(Card::default()), |card| from_json(&card, "card"))
}

/// Sets the card of a challenge.
pub async fn put(connection: &mut Connection, challenge: i64, card: &Card) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO cards (challenge_id, card) VALUES ($1, $2)
         ON CONFLICT (challenge_id) DO UPDATE SET card = excluded.card",
    )
    .bind(challenge)
    .bind(to_json(card, "card")?)
    .execute(connection)
    .await?;
    Ok(())
}
