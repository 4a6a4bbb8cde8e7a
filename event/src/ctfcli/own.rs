//! The key `challengectl`, and a challenge that has only an image.

use super::{Form, Notes, Part, Slug};
use crate::document::node::Node;
use crate::document::typed::typed;
use challengectl_common::instance::{InstanceSpec, Policy};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What is under `challengectl`.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Own {
    /// What the challenge is; `instance` by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) kind: Option<Kind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<Slug>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) difficulty: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) estimated_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) learning_objectives: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) policy: Option<Policy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) spec: Option<InstanceSpec>,
    /// Those that CTFd cannot have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) parts: Option<Vec<Part>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Instance,
    Text,
    Transmission,
}

pub(super) fn read(node: &Node, notes: &mut Notes) -> Own {
    match typed::<Option<Own>>(node) {
        Ok(own) => own.unwrap_or_default(),
        Err((line, why)) => {
            notes.unsupported(line, "challengectl", why);
            Own::default()
        }
    }
}

impl Own {
    /// Returns why the challenge is not read from here; `None` if it is.
    pub(super) fn elsewhere(&self) -> Option<&'static str> {
        match self.kind? {
            Kind::Instance => None,
            Kind::Text => Some(
                "it is a text; `ctf challenge install` takes it here too, or `import` reads it from a challenges.yml",
            ),
            Kind::Transmission => Some("it is a transmission; `import` reads it from a challenges.yml"),
        }
    }

    /// Lays it over what the other keys say.
    pub(super) fn apply(&self, form: &mut Form) {
        form.id.clone_from(&self.id);
        form.difficulty = self.difficulty.clone().unwrap_or_default();
        form.estimated_time = self.estimated_time.clone().unwrap_or_default();
        form.learning_objectives = self.learning_objectives.clone().unwrap_or_default();
        form.policy = self.policy.clone().unwrap_or_default();
        if let Some(parts) = &self.parts {
            form.parts.clone_from(parts);
        }
    }
}

/// Returns the containers of a challenge that names an image, or a folder to build it of; none without one.
pub(super) fn spec_of(image: Option<(u64, String)>, slug: &Slug, notes: &mut Notes) -> InstanceSpec {
    let none = InstanceSpec { containers: Vec::new(), process: None };
    let Some((line, image)) = image else {
        notes.unsupported(
            0,
            "image",
            "there are no containers: give `challengectl: {spec: ...}`, or a compose.yml beside it",
        );
        return none;
    };
    let named = image.strip_prefix("registry://").unwrap_or(&image);
    let name = if named.starts_with(['.', '/']) {
        let name = format!("localhost/challenges/{slug}-main:1");
        notes.note(line, "image", format!("build it on each host with an engine: `docker build -t {name} {named}`"));
        name
    } else {
        named.to_owned()
    };
    notes.unsupported(line, "image", "it has no ports: give them in `challengectl: {spec: ...}`, or in a compose.yml");
    serde_json::from_value(json!({"containers": [{"image": name}]})).unwrap_or(none)
}
