//! A change of a challenge of kind `instance` as the body of a request.

use crate::http::extract::body::given;
use crate::http::extract::echo::ReadOnly;
use challengectl_common::ChallengeName;
use challengectl_common::instance::{InstanceSpec, Policy};
use challengectl_event::instance::{Form, Part};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// The given fields. All others keep their values.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = InstanceChallengeChange, examples(json!({"category": "web", "points": 200})))]
pub struct Change {
    name: Option<ChallengeName>,
    enabled: Option<bool>,
    #[schema(max_length = 256)]
    category: Option<String>,
    #[schema(max_length = 256)]
    difficulty: Option<String>,
    #[schema(max_length = 16_384)]
    description: Option<String>,
    #[schema(max_items = 100)]
    tags: Option<Vec<String>>,
    #[schema(max_length = 256)]
    author: Option<String>,
    #[schema(max_length = 256)]
    estimated_time: Option<String>,
    #[schema(max_items = 100)]
    learning_objectives: Option<Vec<String>>,
    #[schema(max_items = 100)]
    hints: Option<Vec<String>>,
    policy: Option<Policy>,
    spec: Option<InstanceSpec>,
    #[schema(maximum = 1_000_000)]
    points: Option<u32>,
    /// Null: as many as the rate allows.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 1_000_000)]
    max_attempts: Option<Option<u32>>,
    #[schema(min_items = 1, max_items = 50)]
    parts: Option<Vec<Part>>,
    other_keys: Option<Map<String, Value>>,
}

impl ReadOnly for Change {
    const FIELDS: &[&str] = &["challenge_id", "version", "id"];
}

impl Change {
    /// Returns the challenge with the given fields.
    pub fn over(self, form: Form) -> Form {
        Form {
            name: self.name.unwrap_or(form.name),
            enabled: self.enabled.unwrap_or(form.enabled),
            category: self.category.unwrap_or(form.category),
            difficulty: self.difficulty.unwrap_or(form.difficulty),
            description: self.description.unwrap_or(form.description),
            tags: self.tags.unwrap_or(form.tags),
            author: self.author.unwrap_or(form.author),
            estimated_time: self.estimated_time.unwrap_or(form.estimated_time),
            learning_objectives: self.learning_objectives.unwrap_or(form.learning_objectives),
            hints: self.hints.unwrap_or(form.hints),
            policy: self.policy.unwrap_or(form.policy),
            spec: self.spec.unwrap_or(form.spec),
            points: self.points.unwrap_or(form.points),
            max_attempts: self.max_attempts.unwrap_or(form.max_attempts),
            parts: self.parts.unwrap_or_default(),
            other_keys: self.other_keys.unwrap_or(form.other_keys),
            ..form
        }
    }
}
