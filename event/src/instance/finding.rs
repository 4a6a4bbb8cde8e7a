//! What a reader of a Compose file or a `challenge.yml` has to say about a line.

use super::Form;
use serde::Serialize;
use std::fmt;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = FindingLevel))]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// It would let the challenge reach its host or other instances; there is no way to have it.
    Refused,
    /// The challenge needs a change, since instances do not have it.
    Unsupported,
    /// It is left out, and the challenge works without it.
    Ignored,
    /// It is taken over, in another form than it is written in.
    Note,
}

impl Level {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Unsupported => "unsupported",
            Self::Ignored => "ignored",
            Self::Note => "note",
        }
    }
}

/// A finding about a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ImportFinding))]
pub struct Finding {
    /// From 1; 0: no single line.
    pub line: u64,
    /// How much it matters.
    pub level: Level,
    /// The key, with those that it is under, such as `services.web.privileged`.
    pub key: String,
    /// The cause, and the way out.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, level, key, message } = self;
        let key = if key.is_empty() { String::new() } else { format!("{key}: ") };
        write!(f, "{line}: {}: {key}{message}", level.as_str())
    }
}

/// What was read of a text in another format.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// The challenge, without what is refused, unsupported or ignored; `None` if the text has none.
    pub form: Option<Form>,
    /// In the order of their lines.
    pub findings: Vec<Finding>,
}

impl Reading {
    /// Returns what is known of a text that cannot be read.
    pub(crate) fn unreadable(line: u64, message: String) -> Self {
        Self { form: None, findings: vec![Finding { line, level: Level::Unsupported, key: String::new(), message }] }
    }
}
