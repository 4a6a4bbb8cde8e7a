//! Challenges of all kinds, as the Docker front lists them.

use super::Card;
use crate::store::attachments::number;
use crate::store::cells::{from_json, to_json};
use crate::store::instances::About;
use crate::store::{Connection, StoreError};
use challengectl_common::challenge::PublicView;
use challengectl_common::instance::{InstanceSpec, Port};
use challengectl_common::{ChallengeName, Timestamp};
use sqlx::FromRow;

/// A challenge of any kind.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The id, never reused.
    pub id: i64,
    /// Its name.
    pub name: ChallengeName,
    /// Whether players see it.
    pub is_shown: bool,
    /// What it is about.
    pub subject: Subject,
    /// What players read; empty for one on air.
    pub about: About,
    /// What it is worth; 0 for one that cannot be solved by a flag.
    pub points: u32,
    /// Wrong submissions of one owner; `None`: as many as the rate allows.
    pub max_attempts: Option<u32>,
    /// What only the Docker front keeps of it.
    pub card: Card,
}

/// What a challenge is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// Something that is started on demand.
    Instance {
        /// What names it in URLs.
        slug: String,
        /// The image of its first container.
        image: String,
        /// The ports of its first container that players reach.
        ports: Vec<Port>,
    },
    /// A text.
    Text,
    /// Something on air.
    Transmission,
}

#[derive(FromRow)]
struct Row {
    id: i64,
    kind: String,
    name: String,
    enabled: bool,
    public_view: String,
    slug: Option<String>,
    about: Option<String>,
    spec: Option<String>,
    points: Option<u32>,
    max_attempts: Option<u32>,
    card: Option<String>,
}

impl TryFrom<Row> for Entry {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let (subject, is_shown) = match (row.kind.as_str(), row.slug, row.spec) {
            ("instance", Some(slug), Some(spec)) => {
                let spec: InstanceSpec = from_json(&spec, "spec")?;
                let first = spec.containers.into_iter().next();
                let (image, ports) = first.map(|it| (it.image, it.ports)).unwrap_or_default();
                (Subject::Instance { slug, image, ports: ports.iter().map(|it| it.port).collect() }, row.enabled)
            }
            ("transmission", ..) => {
                let view: PublicView = from_json(&row.public_view, "public view")?;
                (Subject::Transmission, row.enabled && view.show_challenge && row.points.is_some())
            }
            _ => (Subject::Text, row.enabled),
        };
        Ok(Self {
            id: row.id,
            name: ChallengeName::stored(row.name),
            is_shown,
            subject,
            about: row.about.map(|about| from_json(&about, "about")).transpose()?.unwrap_or_default(),
            points: row.points.unwrap_or_default(),
            max_attempts: row.max_attempts,
            card: row.card.map(|card| from_json(&card, "card")).transpose()?.unwrap_or_default(),
        })
    }
}

/// Returns the challenges of all kinds, by number; with an id this one alone.
pub async fn all(connection: &mut Connection, id: Option<i64>) -> Result<Vec<Entry>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT challenges.id, kind, name, enabled, public_view, slug, COALESCE(it.about, texts.about) AS about, spec,
             points, max_attempts, card
         FROM challenges
         LEFT JOIN instance_challenges AS it ON it.challenge_id = challenges.id
         LEFT JOIN instance_specs AS specs ON specs.challenge_id = challenges.id AND specs.version = it.version
         LEFT JOIN text_challenges AS texts ON texts.challenge_id = challenges.id
         LEFT JOIN scores ON scores.challenge_id = challenges.id
         LEFT JOIN cards ON cards.challenge_id = challenges.id
         WHERE $1 IS NULL OR challenges.id = $1 ORDER BY challenges.id",
    )
    .bind(id)
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Entry::try_from).collect()
}

/// Adds a challenge that is a text. Returns its id.
pub async fn insert_text(
    connection: &mut Connection,
    name: &ChallengeName,
    is_shown: bool,
    about: &About,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let id = sqlx::query_scalar(
        "INSERT INTO challenges (kind, name, enabled, public_view, updated_at)
         VALUES ('text', $1, $2, '{}', $3) RETURNING id",
    )
    .bind(name.as_str())
    .bind(is_shown)
    .bind(now.as_millis())
    .fetch_one(&mut *connection)
    .await?;
    sqlx::query("INSERT INTO text_challenges (challenge_id, about) VALUES ($1, $2)")
        .bind(id)
        .bind(to_json(about, "about")?)
        .execute(&mut *connection)
        .await?;
    number(connection, id, &about.tags, &about.hints).await?;
    Ok(id)
}

/// Changes the name of a challenge, and whether players see it.
pub async fn rename(
    connection: &mut Connection,
    id: i64,
    name: &ChallengeName,
    is_shown: bool,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE challenges SET name = $2, enabled = $3, updated_at = $4 WHERE id = $1")
        .bind(id)
        .bind(name.as_str())
        .bind(is_shown)
        .bind(now.as_millis())
        .execute(connection)
        .await?;
    Ok(())
}

/// Replaces what players read about a challenge, unless it is on air.
pub async fn set_about(connection: &mut Connection, id: i64, about: &About) -> Result<(), StoreError> {
    let text = to_json(about, "about")?;
    let mut written = 0;
    for query in [
        "UPDATE instance_challenges SET about = $2 WHERE challenge_id = $1",
        "UPDATE text_challenges SET about = $2 WHERE challenge_id = $1",
    ] {
        written += sqlx::query(query).bind(id).bind(&text).execute(&mut *connection).await?.rows_affected();
    }
    if written == 0 {
        return Ok(());
    }
    number(connection, id, &about.tags, &about.hints).await
}
