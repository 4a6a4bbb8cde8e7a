//! The configuration file, `runner.yml`.

mod radio;
mod values;

#[cfg(test)]
mod tests;

pub use radio::{DEFAULT_SAMPLE_RATE, RadioConfig};
pub use values::{CaCert, Token};

use crate::radio::with_quoted_name;
use challengectl_common::settings::{self, SettingsError};
use challengectl_common::{Callsign, FrequencyRules, RadioId, closest, older};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A day in seconds.
const MAX_INTERVAL: u32 = 86_400;

/// Read when no other file is named, if it exists.
pub const DEFAULT_FILE: &str = "runner.yml";

/// The settings of a runner.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The state folder: the runner key, reports not yet delivered, and the cache.
    pub state_dir: PathBuf,
    /// The server's URL. It counts before the one that the runner enrolled at.
    pub server: Option<String>,
    /// Makes a runner without a key enroll itself, once.
    pub enrollment_token: Option<Token>,
    /// Certificates trusted besides those of the system.
    pub ca_cert: Option<CaCert>,
    /// Bytes that the cache may take; beyond that the least recently used files are deleted.
    pub cache_max_bytes: u64,
    /// A radio's process that sends nothing for so long is killed.
    pub watchdog_seconds: u32,
    /// The call sign by which the radios identify themselves, in Morse code at the end of transmissions.
    pub callsign: Option<Callsign>,
    /// A transmission that ends later than so many seconds after its radio's last identification carries one; 0: each.
    pub identify_seconds: u32,
    /// Where `transmit` may send at all; the server has rules of its own for what it hands out.
    pub frequency_rules: FrequencyRules,
    pub radios: Vec<RadioConfig>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            state_dir: PathBuf::from("runner-state"),
            server: None,
            enrollment_token: None,
            ca_cert: None,
            cache_max_bytes: 10_000_000_000,
            watchdog_seconds: 5,
            callsign: None,
            identify_seconds: 300,
            frequency_rules: FrequencyRules::default(),
            radios: Vec::new(),
        }
    }
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error(transparent)]
    Read(#[from] io::Error),
    /// The text is invalid; the message names the place.
    #[error("{0}")]
    Settings(String),
    /// Each setting for itself is valid, but not all together.
    #[error("{file}: {message}")]
    Conflict { file: String, message: String },
}

impl Config {
    /// Loads `file`, or [`DEFAULT_FILE`] when none is named and it exists; then the environment. Relative paths in it
    /// are resolved against the folder of the file. Errors name the file and the line.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let path = file.unwrap_or(Path::new(DEFAULT_FILE));
        let text = match fs_err::read_to_string(path) {
            Err(error) if file.is_none() && error.kind() == io::ErrorKind::NotFound => String::new(),
            read => read?,
        };
        let environment =
            std::env::vars_os().filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)));
        let mut config = Self::parse(&text, &path.display().to_string(), environment)?;
        config.resolve(path.parent().unwrap_or(Path::new("")));
        Ok(config)
    }

    /// Parses the text of a file of that name. Errors name the file and the line.
    pub fn parse(
        text: &str,
        file: &str,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let environment: Vec<_> = environment.into_iter().collect();
        let load = |text: &str| settings::load::<Self>(text, file, environment.clone());
        // Only for a file that is invalid as it is: a valid one may hold the same letters elsewhere.
        let config = load(text).or_else(|_| load(&with_quoted_name(text)));
        let config = config
            .map_err(|error| older::explain(text, file).map_or_else(|| explain(&error), ConfigError::Settings))?;
        config.check().map_err(|message| ConfigError::Conflict { file: file.to_owned(), message })?;
        Ok(config)
    }

    fn check(&self) -> Result<(), String> {
        let mut ids = BTreeSet::new();
        for radio in &self.radios {
            if !ids.insert(&radio.id) {
                return Err(format!("two radios have the id {}", radio.id));
            }
            radio.check()?;
        }
        if self.watchdog_seconds == 0 {
            return Err("watchdog_seconds must be above 0".to_owned());
        }
        if self.identify_seconds > MAX_INTERVAL {
            return Err(format!("identify_seconds must be at most {MAX_INTERVAL}"));
        }
        Ok(())
    }

    fn resolve(&mut self, folder: &Path) {
        self.state_dir = folder.join(&self.state_dir);
        if let Some(CaCert::File(file)) = &mut self.ca_cert {
            *file = folder.join(&*file);
        }
        for radio in &mut self.radios {
            radio.driver.settings_mut().resolve(folder);
        }
    }

    #[must_use]
    pub fn radio(&self, id: &str) -> Option<&RadioConfig> {
        self.radios.iter().find(|radio| radio.id.as_str() == id)
    }

    /// Returns the radios that a server may hand out work for.
    pub fn working_radios(&self) -> impl Iterator<Item = &RadioConfig> {
        self.radios.iter().filter(|radio| radio.takes_work())
    }

    /// Returns the file that remembers the rest of the radio.
    #[must_use]
    pub fn rest_file(&self, radio: &RadioId) -> PathBuf {
        self.state_dir.join("radios").join(format!("{radio}.rest"))
    }

    /// Returns how long a radio's process may send nothing.
    #[must_use]
    pub fn watchdog(&self) -> Duration {
        Duration::from_secs(self.watchdog_seconds.into())
    }

    /// Returns the file that the process which uses the radio holds locked.
    #[must_use]
    pub fn lock_file(&self, radio: &RadioId) -> PathBuf {
        self.state_dir.join("radios").join(format!("{radio}.lock"))
    }
}

/// Adds a suggestion for a misspelt key of a radio: the driver refuses the keys it does not know, and suggests only its
/// own, but one that every radio has may be meant.
fn explain(error: &SettingsError) -> ConfigError {
    let message = error.to_string();
    let misspelt = message.split_once("unknown field `").and_then(|(_, rest)| rest.split_once('`'));
    let meant = misspelt.and_then(|(word, _)| closest(word, RadioConfig::KEYS));
    match meant {
        Some(meant) if !message.contains("did you mean") => {
            ConfigError::Settings(format!("{message}\n  = help: did you mean `{meant}`?"))
        }
        _ => ConfigError::Settings(message),
    }
}
