//! The Docker front.

use serde::{Deserialize, Serialize};

/// The settings of the Docker front.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "config/server.yml has the documentation")]
pub struct Docker {
    pub repositories: Vec<String>,
    pub hide_images: bool,
}
