//! The identity that the runner received at enrollment.

use crate::config::Config;
use anyhow::{Context, anyhow};
use challengectl_common::RunnerId;
use challengectl_host::durable::{self, Readers};
use reqwest::Url;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The server, the runner's id, and the runner key. Stored in the state folder, readable only by its owner (0600).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Identity {
    /// The server's base URL, without a trailing slash.
    pub(crate) server: String,
    pub(crate) runner_id: RunnerId,
    /// The runner key, a secret.
    pub(crate) api_key: String,
}

fn file(state_dir: &Path) -> PathBuf {
    state_dir.join("identity.json")
}

impl Identity {
    /// Loads the identity from the state folder; `None` before enrollment.
    pub(crate) fn load(state_dir: &Path) -> anyhow::Result<Option<Self>> {
        let path = file(state_dir);
        let text = match fs_err::read_to_string(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            read => read?,
        };
        serde_json::from_str(&text).map(Some).with_context(|| path.display().to_string())
    }

    /// Loads the identity; a server given in the configuration replaces the stored one, since a server that moves keeps
    /// the keys of its runners.
    pub(crate) fn configured(config: &Config) -> anyhow::Result<Option<Self>> {
        let Some(mut identity) = Self::load(&config.state_dir)? else { return Ok(None) };
        if let Some(server) = &config.server {
            identity.server = base_url(server).context("server in the configuration")?;
        }
        Ok(Some(identity))
    }

    /// Stores the identity durably.
    pub(crate) fn store(&self, state_dir: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_vec_pretty(self)?;
        durable::private_folder(state_dir)?;
        durable::write(&file(state_dir), &text, Readers::Owner)?;
        Ok(())
    }
}

/// Checks the URL of a server and removes a trailing slash.
pub(crate) fn base_url(text: &str) -> anyhow::Result<String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    url.ok_or_else(|| anyhow!("{text:?} is not the URL of a server, such as https://server:8443"))?;
    Ok(text.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_key_is_readable_only_by_its_owner() {
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
        let mode = fs_err::metadata(file(&state_dir)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
