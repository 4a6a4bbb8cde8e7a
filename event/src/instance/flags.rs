//! Flags as authors write them.

use serde::{Deserialize, Serialize};

/// The format of session flags, unless the challenge has another.
pub const DEFAULT_FORMAT: &str = "flag{{}}";

/// The variables that hold the flag of a session, unless its challenge sets them.
pub const FLAG_VARIABLES: [&str; 2] = ["CHALLENGE_FLAG", "FLAG"];

/// How a submission is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FlagMode {
    /// With a text that each instance has of its own; the content has `{}` in its place.
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
}

/// A flag of a challenge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = FlagForm))]
#[serde(deny_unknown_fields)]
pub struct Flag {
    /// How it is compared.
    pub mode: FlagMode,
    /// The text, the pattern, or the format of session flags.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 1024))]
    pub content: String,
}

/// A part of a challenge, which any of its flags solves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = FlagPart))]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// The share of the points that it has, relative to the shares of the other parts.
    #[serde(default = "one")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1_000_000, default = 1))]
    pub share: u32,
    /// At least one.
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 50))]
    pub flags: Vec<Flag>,
}

fn one() -> u32 {
    1
}

impl Part {
    /// Returns the part with one flag that each instance has of its own.
    #[must_use]
    pub fn of_session() -> Self {
        Self { share: 1, flags: vec![Flag { mode: FlagMode::Session, content: DEFAULT_FORMAT.to_owned() }] }
    }
}
