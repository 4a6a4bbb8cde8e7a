//! The configuration file, `runner.yml`.

mod engine;
mod radio;
mod values;

#[cfg(test)]
mod tests;

pub use engine::{Balancer, EngineConfig, Firewall, UserRange};
pub use radio::{DEFAULT_SAMPLE_RATE, DetectedLimits, RadioConfig};
pub use values::{CaCert, Token};

use crate::radio::{Driver, own_socket, with_quoted_name};
use challengectl_air::station;
use challengectl_common::settings::{self, SettingsError};
use challengectl_common::{Callsign, FrequencyRules, RadioId, closest, older};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The longest interval of identifications: a day in seconds.
const MAX_INTERVAL: u32 = 86_400;

/// The file that is read if none is named and it exists.
pub const DEFAULT_FILE: &str = "runner.yml";

/// The settings of a runner.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The state folder: the runner key, reports not yet delivered, and the cache.
    pub state_dir: PathBuf,
    /// The server's URL. It replaces the one of the enrollment.
    pub server: Option<String>,
    /// With this token a runner without a key enrolls itself, once.
    pub enrollment_token: Option<Token>,
    /// Certificates trusted in addition to those of the system.
    pub ca_cert: Option<CaCert>,
    /// The maximum size of the cache in bytes; beyond it the least recently used files are deleted.
    pub cache_max_bytes: u64,
    /// Seconds of silence after which a radio's process is killed.
    pub watchdog_seconds: u32,
    /// Seconds in which a radio must be open; some load an FPGA image first.
    pub open_seconds: u32,
    /// The call sign by which the radios identify themselves, in Morse code at the end of transmissions.
    pub callsign: Option<Callsign>,
    /// Seconds after an identification of a radio: a transmission that ends later carries the next one. 0: each does.
    pub identify_seconds: u32,
    /// The frequencies that `transmit` may use. The server checks its assignments by rules of its own.
    pub frequency_rules: FrequencyRules,
    /// Use what is plugged in, besides `radios`.
    pub autodetect: bool,
    /// The limits of radios that `autodetect` finds.
    pub detected: DetectedLimits,
    pub radios: Vec<RadioConfig>,
    /// What instances are started with.
    pub engines: Vec<EngineConfig>,
    /// The runner's own air. It is served when a radio transmits into it, or by `challengectl-runner air`.
    pub air: station::Settings,
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
            open_seconds: 20,
            callsign: None,
            identify_seconds: 300,
            frequency_rules: FrequencyRules::default(),
            autodetect: false,
            detected: DetectedLimits::default(),
            radios: Vec::new(),
            engines: Vec::new(),
            air: station::Settings::default(),
        }
    }
}

/// Limits of a radio's process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Between two messages.
    pub silence: Duration,
    /// While it builds the waveform, opens the radio and turns the carrier on: each is one call of a driver.
    pub open: Duration,
}

/// Why the configuration is invalid.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error(transparent)]
    Read(#[from] io::Error),
    /// The text is invalid; the message names the place.
    #[error("{0}")]
    Settings(String),
    /// The settings contradict each other.
    #[error("{file}: {message}")]
    Conflict { file: String, message: String },
}

impl Config {
    /// Returns whether there is a radio that is hardware.
    #[must_use]
    pub fn has_devices(&self) -> bool {
        self.radios.iter().any(|radio| radio.driver.settings().device().is_some())
    }

    /// Loads `file`, or [`DEFAULT_FILE`] if none is named and it exists, then the environment. Relative paths are
    /// resolved against the folder of the file. Errors name the file and the line.
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
        // Only for a file that is otherwise invalid: a valid one may contain the same text elsewhere.
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
        let mut ids = BTreeSet::new();
        for engine in &self.engines {
            if !ids.insert(&engine.id) {
                return Err(format!("two engines have the id {}", engine.id));
            }
            engine.check()?;
        }
        self.detected.check()?;
        if self.watchdog_seconds == 0 {
            return Err("watchdog_seconds must be above 0".to_owned());
        }
        if self.identify_seconds > MAX_INTERVAL {
            return Err(format!("identify_seconds must be at most {MAX_INTERVAL}"));
        }
        #[cfg(not(feature = "soapy"))]
        if self.autodetect {
            return Err(format!("autodetect: {}", crate::radio::NOT_BUILT_IN));
        }
        if self.open_seconds == 0 {
            return Err("open_seconds must be above 0".to_owned());
        }
        self.air.check().map_err(|why| format!("air: {why}"))?;
        Ok(())
    }

    fn resolve(&mut self, folder: &Path) {
        self.state_dir = folder.join(&self.state_dir);
        if let Some(CaCert::File(file)) = &mut self.ca_cert {
            *file = folder.join(&*file);
        }
        for engine in &mut self.engines {
            engine.socket = engine.socket.as_ref().map(|socket| folder.join(socket));
            engine.kubeconfig = engine.kubeconfig.as_ref().map(|file| folder.join(file));
        }
        self.air.resolve(folder);
        for radio in &mut self.radios {
            radio.driver.settings_mut().resolve(folder);
            radio.driver.settings_mut().settle(&self.state_dir);
        }
    }

    #[must_use]
    pub fn radio(&self, id: &str) -> Option<&RadioConfig> {
        self.radios.iter().find(|radio| radio.id.as_str() == id)
    }

    /// Returns the radios that take work from the server.
    pub fn working_radios(&self) -> impl Iterator<Item = &RadioConfig> {
        self.radios.iter().filter(|radio| radio.takes_work())
    }

    /// Returns the file in which the rest of a radio is stored.
    #[must_use]
    pub fn rest_file(&self, radio: &RadioId) -> PathBuf {
        self.state_dir.join("radios").join(format!("{radio}.rest"))
    }

    /// Returns the socket of the runner's own air.
    #[must_use]
    pub fn air_socket(&self) -> PathBuf {
        own_socket(&self.state_dir)
    }

    /// Returns whether a radio that takes work transmits into the runner's own air.
    #[must_use]
    pub fn uses_own_air(&self) -> bool {
        self.working_radios().any(|radio| matches!(&radio.driver, Driver::Air(settings) if settings.is_own()))
    }

    /// Returns the limits of a radio's process.
    #[must_use]
    pub fn timeouts(&self) -> Timeouts {
        let seconds = |seconds: u32| Duration::from_secs(seconds.into());
        Timeouts { silence: seconds(self.watchdog_seconds), open: seconds(self.open_seconds) }
    }

    /// Returns the lock file of a radio, locked by the process that uses it.
    #[must_use]
    pub fn lock_file(&self, radio: &RadioId) -> PathBuf {
        self.state_dir.join("radios").join(format!("{radio}.lock"))
    }
}

/// Adds a suggestion for a misspelt key of a radio: the driver refuses unknown keys and suggests only its own, but a
/// key that every radio has may be meant.
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
