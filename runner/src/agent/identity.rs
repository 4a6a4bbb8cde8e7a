//! Who this runner is: what enrolment gave it.

use crate::durable::{self, Readers};
use anyhow::Context;
use challengectl_common::RunnerId;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// Kept in the state folder, readable by nobody else.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The server's base URL, without a slash at its end.
    pub server: String,
    /// The id that the token was made for.
    pub runner_id: RunnerId,
    /// The secret.
    pub api_key: String,
}

fn file(state_dir: &Path) -> PathBuf {
    state_dir.join("identity.json")
}

impl Identity {
    /// What [`Identity::store`] kept; none before enrolment.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn load(state_dir: &Path) -> anyhow::Result<Option<Self>> {
        let path = file(state_dir);
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            read => read.with_context(|| path.display().to_string())?,
        };
        serde_json::from_str(&text).map(Some).with_context(|| path.display().to_string())
    }

    /// Keeps it for good.
    ///
    /// # Errors
    /// When the state folder cannot be written.
    pub fn store(&self, state_dir: &Path) -> anyhow::Result<()> {
        let path = file(state_dir);
        let text = serde_json::to_vec_pretty(self)?;
        durable::private_folder(state_dir)
            .and_then(|()| durable::write(&path, &text, Readers::Owner))
            .with_context(|| path.display().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_key_is_kept_where_nobody_else_can_read_it() {
        let dir = tempfile::tempdir().unwrap();
        let state_dir = dir.path().join("state");
        assert!(Identity::load(&state_dir).unwrap().is_none());
        let identity = Identity {
            server: "http://127.0.0.1:1".into(),
            runner_id: RunnerId::new("roof").unwrap(),
            api_key: "ck_x".into(),
        };
        identity.store(&state_dir).unwrap();
        assert!(Identity::load(&state_dir).unwrap() == Some(identity));
        let mode = fs::metadata(file(&state_dir)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
