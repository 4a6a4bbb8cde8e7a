//! The form: a challenge of kind `instance` as its author enters it.

use super::{Part, Slug};
use challengectl_common::ChallengeName;
use challengectl_common::instance::{InstanceSpec, Policy};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a challenge is worth unless its author says otherwise.
pub const DEFAULT_POINTS: u32 = 100;
/// Bytes of a list, such as all hints together.
const MAX_LONG: usize = 64 * 1024;
/// Characters of the description.
const MAX_DESCRIPTION: usize = 16_384;
/// Characters of any other text.
const MAX_SHORT: usize = 256;
/// Tags, objectives or hints.
const MAX_LIST: usize = 100;

/// A challenge of kind `instance`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = InstanceChallengeForm, examples(json!({
    "name": "Guest book", "category": "web", "points": 150,
    "spec": {"containers": [{"image": "localhost/challenges/guest-book:1", "ports": ["8080/http"], "read_only": true}]}
}))))]
#[serde(deny_unknown_fields)]
pub struct Form {
    /// What names it in URLs, which never changes; by default it is made of the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Slug>,
    /// Its name.
    pub name: ChallengeName,
    /// Whether players see it.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Such as `web`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 256))]
    pub category: String,
    /// Such as `beginner`, `easy`, `medium`, `hard`, `expert`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 256))]
    pub difficulty: String,
    /// What players read.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 16_384))]
    pub description: String,
    /// Words by which players find it.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_items = 100))]
    pub tags: Vec<String>,
    /// Its author.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 256))]
    pub author: String,
    /// Such as `15 minutes`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 256))]
    pub estimated_time: String,
    /// What players learn by it.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_items = 100))]
    pub learning_objectives: Vec<String>,
    /// Hints, the first one first.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_items = 100))]
    pub hints: Vec<String>,
    /// How its instances live.
    #[serde(default)]
    pub policy: Policy,
    /// What an instance consists of.
    pub spec: InstanceSpec,
    /// For all parts together.
    #[serde(default = "default_points")]
    #[cfg_attr(feature = "openapi", schema(maximum = 1_000_000))]
    pub points: u32,
    /// Wrong flags of one team, or player; without it as many as the rate allows.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1_000_000))]
    pub max_attempts: Option<u32>,
    /// Its parts with their flags; without them, each instance of a new challenge has a flag of its own, and a known
    /// challenge keeps those that it has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_items = 50))]
    pub parts: Vec<Part>,
    /// Keys of its `challenge.yml` that have no meaning here; an export writes them again.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub other_keys: Map<String, Value>,
}

pub(crate) fn yes() -> bool {
    true
}

pub(crate) fn default_points() -> u32 {
    DEFAULT_POINTS
}

impl Form {
    /// Returns a challenge of which only the name and the containers are known.
    #[must_use]
    pub fn new(name: ChallengeName, spec: InstanceSpec) -> Self {
        Self {
            id: None,
            name,
            enabled: true,
            category: String::new(),
            difficulty: String::new(),
            description: String::new(),
            tags: Vec::new(),
            author: String::new(),
            estimated_time: String::new(),
            learning_objectives: Vec::new(),
            hints: Vec::new(),
            policy: Policy::default(),
            spec,
            points: DEFAULT_POINTS,
            max_attempts: None,
            parts: Vec::new(),
            other_keys: Map::new(),
        }
    }

    /// Returns the slug that it has, or gets.
    #[must_use]
    pub fn slug(&self) -> Slug {
        self.id.clone().unwrap_or_else(|| Slug::of(self.name.as_str()))
    }

    /// Checks what the types do not. The error names the place. Points and flags are checked when they are stored.
    pub fn check(&self) -> Result<(), String> {
        self.policy.check().map_err(|why| format!("policy: {why}"))?;
        self.spec.check().map_err(|why| format!("spec: {why}"))?;
        let short = [
            ("category", &self.category),
            ("difficulty", &self.difficulty),
            ("author", &self.author),
            ("estimated_time", &self.estimated_time),
        ];
        let lists = [("tags", &self.tags), ("learning_objectives", &self.learning_objectives), ("hints", &self.hints)];
        check_texts(&short, &self.description, &lists)?;
        if serde_json::to_string(&self.other_keys).map_or(0, |text| text.len()) > MAX_LONG {
            return Err(format!("other_keys: more than {MAX_LONG} bytes"));
        }
        Ok(())
    }
}

/// Checks what players read about a challenge. The error names the place.
pub(crate) fn check_texts(
    short: &[(&str, &String)],
    description: &str,
    lists: &[(&str, &Vec<String>)],
) -> Result<(), String> {
    if let Some((key, _)) = short.iter().find(|(_, text)| text.chars().count() > MAX_SHORT) {
        return Err(format!("{key}: more than {MAX_SHORT} characters"));
    }
    if description.chars().count() > MAX_DESCRIPTION {
        return Err(format!("description: more than {MAX_DESCRIPTION} characters"));
    }
    for (key, texts) in lists {
        if texts.len() > MAX_LIST || texts.iter().map(String::len).sum::<usize>() > MAX_LONG {
            return Err(format!("{key}: more than {MAX_LIST}, or more than {MAX_LONG} bytes"));
        }
    }
    Ok(())
}
