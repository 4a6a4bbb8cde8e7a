//! A challenge of kind `text`, as its author enters it: something to read, and a flag. Nothing sends or starts it.

use crate::instance::{FlagMode, Part, check_texts, default_points, yes};
use challengectl_common::ChallengeName;
use serde::{Deserialize, Serialize};

/// A challenge of kind `text`. Its name tells it from others of its kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextForm {
    /// Its name.
    pub name: ChallengeName,
    /// Whether players see it.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Such as `crypto`; at most 256 characters.
    #[serde(default)]
    pub category: String,
    /// What players read; at most 16,384 characters.
    #[serde(default)]
    pub description: String,
    /// Words by which players find it; at most 100.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Hints, the first one first; at most 100.
    #[serde(default)]
    pub hints: Vec<String>,
    /// For all parts together; at most 1,000,000.
    #[serde(default = "default_points")]
    pub points: u32,
    /// Wrong flags of one team, or player, from 1 to 1,000,000; without it as many as the rate allows.
    #[serde(default)]
    pub max_attempts: Option<u32>,
    /// Its parts with their flags. Without them, a new challenge cannot be solved yet, and a known one keeps those that it has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
}

impl TextForm {
    /// Checks what the types do not. The error names the place. Points and flags are checked when they are stored.
    pub fn check(&self) -> Result<(), String> {
        let is_session = |part: &Part| part.flags.iter().any(|flag| flag.mode == FlagMode::Session);
        if self.parts.iter().any(is_session) {
            return Err("parts: a text has no instances; its flags are `text`, `text_any_case` or `pattern`".to_owned());
        }
        let lists = [("tags", &self.tags), ("hints", &self.hints)];
        check_texts(&[("category", &self.category)], &self.description, &lists)
    }
}
