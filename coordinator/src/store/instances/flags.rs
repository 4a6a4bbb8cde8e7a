//! What players submit. The contents are sealed.

use crate::store::cells::corrupt;
use crate::store::{Connection, StoreError};

/// How a submission is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlagMode {
    /// With a flag that each session has of its own.
    Session,
    /// With a text.
    Text,
    /// With a text, whatever the case of ASCII letters.
    TextAnyCase,
    /// With a regular expression, which has to match all of it.
    Pattern,
}

impl FlagMode {
    /// Its name in the database, and in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Text => "text",
            Self::TextAnyCase => "text_any_case",
            Self::Pattern => "pattern",
        }
    }

    fn parse(text: &str) -> Result<Self, StoreError> {
        let all = [Self::Session, Self::Text, Self::TextAnyCase, Self::Pattern];
        all.into_iter().find(|mode| mode.as_str() == text).ok_or_else(|| corrupt("flag mode", &text))
    }
}

/// A flag of a challenge.
#[derive(Debug, Clone)]
pub struct StoredFlag {
    /// How it is compared.
    pub mode: FlagMode,
    /// The text, the pattern, or the format of session flags; sealed.
    pub content: Vec<u8>,
}

/// Adds a flag to a challenge.
pub async fn insert(connection: &mut Connection, challenge: i64, flag: &StoredFlag) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO flags (challenge_id, mode, content) VALUES ($1, $2, $3)")
        .bind(challenge)
        .bind(flag.mode.as_str())
        .bind(&flag.content)
        .execute(connection)
        .await?;
    Ok(())
}

/// Returns the flags of a challenge, in the order in which they were added.
pub async fn of(connection: &mut Connection, challenge: i64) -> Result<Vec<StoredFlag>, StoreError> {
    let rows: Vec<(String, Vec<u8>)> =
        sqlx::query_as("SELECT mode, content FROM flags WHERE challenge_id = $1 ORDER BY id")
            .bind(challenge)
            .fetch_all(connection)
            .await?;
    rows.into_iter().map(|(mode, content)| Ok(StoredFlag { mode: FlagMode::parse(&mode)?, content })).collect()
}
