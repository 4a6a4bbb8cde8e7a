//! What is attached to challenges: tags, topics, hints, solutions and files.

use crate::store::cells::{corrupt, from_json, to_json};
use crate::store::{Connection, StoreError};
use challengectl_common::Digest;
use serde_json::{Map, Value};
use sqlx::FromRow;

/// What an attachment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A word by which players find the challenge.
    Tag,
    /// What it is about, for organisers.
    Topic,
    /// A hint.
    Hint,
    /// How it is solved, for organisers.
    Solution,
    /// A file for players.
    File,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Tag, Self::Topic, Self::Hint, Self::Solution, Self::File];

    /// The field that is its text.
    fn text_field(self) -> &'static str {
        match self {
            Self::Tag | Self::Topic => "value",
            Self::Hint | Self::Solution => "content",
            Self::File => "name",
        }
    }

    /// Its name, in the database and in messages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tag => "tag",
            Self::Topic => "topic",
            Self::Hint => "hint",
            Self::Solution => "solution",
            Self::File => "file",
        }
    }
}

/// Something that is attached to a challenge.
#[derive(Debug, Clone, PartialEq)]
pub struct Attachment {
    /// The id, never reused.
    pub id: i64,
    /// Its challenge.
    pub challenge_id: i64,
    /// What it is.
    pub kind: Kind,
    /// Its fields.
    pub content: Map<String, Value>,
}

impl Attachment {
    /// Returns a field that is a text; empty if it is none.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.content.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

#[derive(FromRow)]
struct Row {
    id: i64,
    challenge_id: i64,
    kind: String,
    content: String,
}

impl TryFrom<Row> for Attachment {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == row.kind);
        let kind = kind.ok_or_else(|| corrupt("kind of an attachment", &row.kind))?;
        Ok(Self { id: row.id, challenge_id: row.challenge_id, kind, content: from_json(&row.content, "attachment")? })
    }
}

/// Adds an attachment. Returns its id.
pub async fn insert(
    connection: &mut Connection,
    challenge: i64,
    kind: Kind,
    content: &Map<String, Value>,
) -> Result<i64, StoreError> {
    let id = sqlx::query_scalar(
        "INSERT INTO attachments (challenge_id, kind, content, place)
         SELECT $1, $2, $3, COALESCE(MAX(place) + 1, 0) FROM attachments WHERE challenge_id = $1 AND kind = $2
         RETURNING id",
    )
    .bind(challenge)
    .bind(kind.as_str())
    .bind(to_json(content, "attachment")?)
    .fetch_one(connection)
    .await?;
    Ok(id)
}

/// Replaces the fields of an attachment.
pub async fn update(connection: &mut Connection, id: i64, content: &Map<String, Value>) -> Result<(), StoreError> {
    sqlx::query("UPDATE attachments SET content = $2 WHERE id = $1")
        .bind(id)
        .bind(to_json(content, "attachment")?)
        .execute(connection)
        .await?;
    Ok(())
}

/// Makes what is attached to a challenge of a kind these texts, in this order. A text that stays keeps its number and its other
/// fields, such as what a hint costs; a text that takes the place of another counts as that one, corrected.
pub async fn set_texts(
    connection: &mut Connection,
    challenge: i64,
    kind: Kind,
    texts: &[String],
) -> Result<(), StoreError> {
    let known = all(connection, kind, Some(challenge)).await?;
    let field = kind.text_field();
    if known.iter().map(|it| it.text(field)).eq(texts.iter().map(String::as_str)) {
        return Ok(());
    }
    let mut left: Vec<Option<Attachment>> = known.into_iter().map(Some).collect();
    let stays = |text: &String| {
        let same = |it: &&mut Option<Attachment>| it.as_ref().is_some_and(|it| it.text(field) == text);
        left.iter_mut().find(same).and_then(Option::take)
    };
    let found: Vec<Option<Attachment>> = texts.iter().map(stays).collect();
    for (place, (text, found)) in texts.iter().zip(found).enumerate() {
        let found = found.or_else(|| left.get_mut(place).and_then(Option::take));
        let mut content = found.as_ref().map(|it| it.content.clone()).unwrap_or_default();
        content.insert(field.to_owned(), Value::from(text.as_str()));
        let id = match found {
            Some(found) => found.id,
            None => insert(connection, challenge, kind, &content).await?,
        };
        update(connection, id, &content).await?;
        set_place(connection, id, place).await?;
    }
    for gone in left.into_iter().flatten() {
        delete(connection, gone.id).await?;
    }
    Ok(())
}

async fn set_place(connection: &mut Connection, id: i64, place: usize) -> Result<(), StoreError> {
    let place = i64::try_from(place).unwrap_or(i64::MAX);
    sqlx::query("UPDATE attachments SET place = $2 WHERE id = $1").bind(id).bind(place).execute(connection).await?;
    Ok(())
}

/// Removes an attachment.
pub async fn delete(connection: &mut Connection, id: i64) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM attachments WHERE id = $1").bind(id).execute(connection).await?;
    Ok(())
}

/// Returns an attachment of this kind; `None` if there is none with this id.
pub async fn get(connection: &mut Connection, kind: Kind, id: i64) -> Result<Option<Attachment>, StoreError> {
    let row: Option<Row> =
        sqlx::query_as("SELECT id, challenge_id, kind, content FROM attachments WHERE id = $1 AND kind = $2")
            .bind(id)
            .bind(kind.as_str())
            .fetch_optional(connection)
            .await?;
    row.map(Attachment::try_from).transpose()
}

/// Returns the attachments of a kind, of each challenge in its order; with a challenge its own alone.
pub async fn all(
    connection: &mut Connection,
    kind: Kind,
    challenge: Option<i64>,
) -> Result<Vec<Attachment>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, challenge_id, kind, content FROM attachments
         WHERE kind = $1 AND ($2 IS NULL OR challenge_id = $2) ORDER BY challenge_id, place, id",
    )
    .bind(kind.as_str())
    .bind(challenge)
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Attachment::try_from).collect()
}

/// Returns the digests of all attached files.
pub async fn digests(connection: &mut Connection) -> Result<Vec<Digest>, StoreError> {
    let files = all(connection, Kind::File, None).await?;
    Ok(files.iter().filter_map(|file| file.text("digest").parse().ok()).collect())
}

/// Gives the tags and hints of a challenge numbers of their own, by which the Docker front changes them.
pub(super) async fn number(
    connection: &mut Connection,
    challenge: i64,
    tags: &[String],
    hints: &[String],
) -> Result<(), StoreError> {
    set_texts(connection, challenge, Kind::Tag, tags).await?;
    set_texts(connection, challenge, Kind::Hint, hints).await
}
