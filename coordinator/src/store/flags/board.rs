//! What players may solve, and who they are.

use crate::session::Owner;
use crate::store::cells::from_json;
use crate::store::instances::About;
use crate::store::{Connection, StoreError};
use challengectl_common::challenge::PublicView;
use challengectl_common::instance::Policy;
use sqlx::FromRow;
use std::collections::HashMap;

/// What a challenge is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SolvableKind {
    /// It is on air.
    Transmission,
    /// Its containers are started on demand.
    Instance,
    /// It is a text, or what players reach otherwise: a process, by the sessions API.
    Text,
}

/// A challenge that players can solve by flags.
#[derive(Debug, Clone)]
pub struct Solvable {
    /// The id, never reused.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: SolvableKind,
    /// Whether an instance may be given its whole life again.
    pub is_extendable: bool,
    /// What players read about it; empty for one on air.
    pub about: About,
    /// For all parts together.
    pub points: u32,
    /// Wrong submissions of one owner; `None`: as many as the rate allows.
    pub max_attempts: Option<u32>,
    /// The number of its parts.
    pub parts: u32,
}

#[derive(FromRow)]
struct Row {
    id: i64,
    kind: String,
    name: String,
    public_view: String,
    about: Option<String>,
    policy: Option<String>,
    is_process: bool,
    points: u32,
    max_attempts: Option<u32>,
    parts: u32,
}

/// Returns the challenges that players see and can solve, by name; with an id this one alone.
pub async fn solvable(connection: &mut Connection, id: Option<i64>) -> Result<Vec<Solvable>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT challenges.id, kind, name, public_view, COALESCE(it.about, texts.about) AS about, policy, points,
             max_attempts, spec ->> '$.process' IS NOT NULL AS is_process,
             (SELECT COUNT(DISTINCT part) FROM flags WHERE flags.challenge_id = challenges.id) AS parts
         FROM challenges JOIN scores ON scores.challenge_id = challenges.id
         LEFT JOIN instance_challenges AS it ON it.challenge_id = challenges.id
         LEFT JOIN instance_specs AS specs ON specs.challenge_id = challenges.id AND specs.version = it.version
         LEFT JOIN text_challenges AS texts ON texts.challenge_id = challenges.id
         WHERE enabled = 1 AND ($1 IS NULL OR challenges.id = $1) ORDER BY name, challenges.id",
    )
    .bind(id)
    .fetch_all(connection)
    .await?;
    let mut all = Vec::new();
    for row in rows {
        let kind = match row.kind.as_str() {
            "instance" if !row.is_process => SolvableKind::Instance,
            "instance" | "text" => SolvableKind::Text,
            _ => SolvableKind::Transmission,
        };
        if kind == SolvableKind::Transmission
            && !from_json::<PublicView>(&row.public_view, "public view")?.show_challenge
        {
            continue;
        }
        let about = row.about.map(|about| from_json(&about, "about")).transpose()?.unwrap_or_default();
        let policy: Option<Policy> = row.policy.map(|policy| from_json(&policy, "policy")).transpose()?;
        let is_extendable = policy.is_some_and(|it| it.extendable);
        let Row { id, name, points, max_attempts, parts, .. } = row;
        all.push(Solvable { id, name, kind, is_extendable, about, points, max_attempts, parts });
    }
    Ok(all)
}

/// Returns the names of the teams and players that are not excluded from the event.
pub async fn competitors(connection: &mut Connection) -> Result<HashMap<Owner, String>, StoreError> {
    let rows: Vec<(String, String)> = sqlx::query_as(
        "SELECT 'team:' || id, name FROM teams WHERE banned = 0
         UNION ALL
         SELECT 'account:' || account_id, accounts.name FROM players JOIN accounts ON accounts.id = account_id
         WHERE banned = 0",
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|(owner, name)| (Owner::stored(owner), name)).collect())
}

/// Returns the name of a team or an account; `None` if it was removed, or has given a name without proof.
pub async fn name(connection: &mut Connection, owner: &Owner) -> Result<Option<String>, StoreError> {
    let query = sqlx::query_scalar(
        "SELECT name FROM teams WHERE 'team:' || id = $1
         UNION ALL SELECT name FROM accounts WHERE 'account:' || id = $1",
    );
    Ok(query.bind(owner.as_str()).fetch_optional(connection).await?)
}
