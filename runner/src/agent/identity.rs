//! Who this runner is: what enrolment gave it.

use crate::config::Config;
use crate::durable::{self, Readers};
use anyhow::{Context, anyhow};
use challengectl_common::RunnerId;
use reqwest::Url;
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

    /// As [`Identity::load`], but with the server that the configuration names, if it does: a server that moves takes
    /// the keys of its runners along.
    ///
    /// # Errors
    /// When the file cannot be read, or the configuration names no URL.
    pub fn at(config: &Config) -> anyhow::Result<Option<Self>> {
        let Some(mut identity) = Self::load(&config.state_dir)? else { return Ok(None) };
        if let Some(server) = &config.server {
            identity.server = base_url(server).context("server in the configuration")?;
        }
        Ok(Some(identity))
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

/// A server's URL, without a slash at its end.
///
/// # Errors
/// When it is none.
pub fn base_url(text: &str) -> anyhow::Result<String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    url.ok_or_else(|| anyhow!("{text:?} is not the URL of a server, such as https://server:8443"))?;
    Ok(text.trim_end_matches('/').to_owned())
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
