//! The sessions front.

use super::ConfigError;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Seconds that a session may live: those of the policy of a challenge.
const SECONDS: std::ops::RangeInclusive<u32> = 10..=30 * 86_400;
/// Bytes of a file, at most.
const MAX_FILE: u64 = 1 << 30;

/// The settings of the sessions front.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "config/server.yml has the documentation")]
pub struct Sessions {
    pub default_challenge: Option<String>,
    pub idle_seconds: u32,
    pub lifetime_seconds: u32,
    pub max_file_bytes: u64,
    pub local_users: bool,
    pub names: Vec<String>,
}

impl Default for Sessions {
    fn default() -> Self {
        Self {
            default_challenge: None,
            idle_seconds: 1800,
            lifetime_seconds: 43_200,
            max_file_bytes: 10 << 20,
            local_users: true,
            names: Vec::new(),
        }
    }
}

impl Sessions {
    /// Returns how long a session lives without a sign of life, unless its challenge says so.
    #[must_use]
    pub fn idle(&self) -> Duration {
        Duration::from_secs(self.idle_seconds.into())
    }

    /// Returns how long a session lives at most.
    #[must_use]
    pub fn lifetime(&self) -> Duration {
        Duration::from_secs(self.lifetime_seconds.into())
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let refuse = |reason: String| Err(ConfigError::Value { setting: "sessions", reason });
        for (what, seconds) in [("idle_seconds", self.idle_seconds), ("lifetime_seconds", self.lifetime_seconds)] {
            if !SECONDS.contains(&seconds) {
                return refuse(format!("{what}: {seconds}, not from {} to {}", SECONDS.start(), SECONDS.end()));
            }
        }
        if !(1..=MAX_FILE).contains(&self.max_file_bytes) {
            return refuse(format!("max_file_bytes: {}, not from 1 to {MAX_FILE}", self.max_file_bytes));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_out_of_bounds_is_named() {
        assert!(Sessions::default().check().is_ok());
        let error = Sessions { idle_seconds: 9, ..Sessions::default() }.check().unwrap_err().to_string();
        assert_eq!(error, "sessions: idle_seconds: 9, not from 10 to 2592000");
        assert!(Sessions { max_file_bytes: 0, ..Sessions::default() }.check().is_err());
    }
}
