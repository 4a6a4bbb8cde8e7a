//! Players: who may register, and whether they play in teams.

use super::ConfigError;
use challengectl_common::Digest;
use challengectl_coordinator::players::{Mode, PlayerSettings, Registration};
use serde::{Deserialize, Serialize};

/// Characters of a registration code, at least: an address may try one each second.
const MIN_CODE: usize = 12;
/// Members of a team, at most.
const MAX_TEAM: u32 = 1_000;

/// Live instances of a team or player, at most: more than a host has ports for would be no limit.
const MAX_INSTANCES: u32 = 1_000;

/// The settings of players.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "config/server.yml has the documentation")]
pub struct Players {
    pub registration: WhoRegisters,
    pub registration_code: Option<String>,
    pub mode: PlayMode,
    pub team_size: u32,
    pub instances: u32,
    pub start_seconds: f64,
}

/// Who may register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "config/server.yml has the documentation")]
pub enum WhoRegisters {
    Open,
    Code,
    Closed,
}

/// Whose instances and solves are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "config/server.yml has the documentation")]
pub enum PlayMode {
    Teams,
    Users,
}

impl Default for Players {
    fn default() -> Self {
        Self {
            registration: WhoRegisters::Closed,
            registration_code: None,
            mode: PlayMode::Teams,
            team_size: 4,
            instances: 5,
            start_seconds: 30.0,
        }
    }
}

impl Players {
    /// Returns the settings for the coordinator.
    pub fn settings(&self) -> Result<PlayerSettings, ConfigError> {
        let refuse = |reason: &str| Err(ConfigError::Value { setting: "players", reason: reason.to_owned() });
        let registration = match (self.registration, self.registration_code.as_deref().map(str::trim)) {
            (WhoRegisters::Open, None) => Registration::Open,
            (WhoRegisters::Closed, None) => Registration::Closed,
            (WhoRegisters::Code, Some(code)) if code.chars().count() >= MIN_CODE => {
                Registration::Code(Digest::of(code.as_bytes()))
            }
            (WhoRegisters::Code, _) => {
                return refuse("registration_code: registration: code needs 12 characters or more");
            }
            (_, Some(_)) => return refuse("registration_code is only used with registration: code"),
        };
        if !(1..=MAX_TEAM).contains(&self.team_size) {
            return refuse("team_size: 1 to 1000");
        }
        if !(1..=MAX_INSTANCES).contains(&self.instances) {
            return refuse("instances: 1 to 1000");
        }
        let mode = match self.mode {
            PlayMode::Teams => Mode::Teams,
            PlayMode::Users => Mode::Users,
        };
        Ok(PlayerSettings { registration, mode, team_size: self.team_size })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_given_exactly_where_it_is_needed() {
        let of = |registration, code: Option<&str>| {
            let registration_code = code.map(ToOwned::to_owned);
            Players { registration, registration_code, ..Players::default() }.settings()
        };
        use WhoRegisters::{Closed, Code, Open};
        assert!(of(Closed, None).is_ok() && of(Open, None).is_ok() && of(Code, Some("twelve chars")).is_ok());
        for (registration, code) in [(Open, Some("twelve chars")), (Code, None), (Code, Some("eleven char"))] {
            let error = of(registration, code).unwrap_err().to_string();
            assert!(error.starts_with("players: registration_code"), "{error}");
        }
        assert!(Players { team_size: 0, ..Players::default() }.settings().is_err());
        assert!(Players { instances: 0, ..Players::default() }.settings().is_err());
    }
}
