//! The engine front.

use super::ConfigError;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// The settings of the engine front.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "config/server.yml has the documentation")]
pub struct Engine {
    pub listen: Option<SocketAddr>,
    pub open_play: Option<bool>,
    pub host: String,
    pub names: Vec<String>,
    pub origins: Vec<String>,
}

impl Default for Engine {
    fn default() -> Self {
        let ports = ["3000", "3001", "8080"];
        let origin = |host: &'static str| ports.map(|port| format!("http://{host}:{port}"));
        Self {
            listen: None,
            open_play: None,
            host: "localhost".to_owned(),
            names: Vec::new(),
            origins: ["localhost", "127.0.0.1"].into_iter().flat_map(origin).collect(),
        }
    }
}

impl Engine {
    /// Returns whether people at this machine play without an account: unless it is set, only while the front cannot be
    /// reached from others.
    #[must_use]
    pub fn is_open_play(&self) -> bool {
        let is_local = self.listen.is_some_and(|address| address.ip().is_loopback());
        self.open_play.unwrap_or(is_local)
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let refuse = |reason: String| Err(ConfigError::Value { setting: "engine", reason });
        if self.host.is_empty() || self.host.contains(['/', ' ', '@']) {
            return refuse(format!("host: {:?} is no host name or address", self.host));
        }
        let is_site = |origin: &&String| origin.starts_with("https://") || origin.starts_with("http://");
        match self.origins.iter().find(|origin| !is_site(origin)) {
            Some(origin) => refuse(format!("origins: {origin:?} is not a site such as http://localhost:3000")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_play_ends_where_others_can_reach_it() {
        let of =
            |listen: &str, open_play| Engine { listen: Some(listen.parse().unwrap()), open_play, ..Engine::default() };
        assert!(of("127.0.0.1:5000", None).is_open_play() && of("[::1]:5000", None).is_open_play());
        assert!(!of("0.0.0.0:5000", None).is_open_play());
        assert!(of("0.0.0.0:5000", Some(true)).is_open_play());
        assert!(!of("127.0.0.1:5000", Some(false)).is_open_play());
    }
}
