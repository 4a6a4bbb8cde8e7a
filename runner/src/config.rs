//! The configuration file.

use crate::radio::Driver;
use challengectl_common::settings::{self, SettingsError};
use challengectl_common::{Band, RadioId, closest};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Read when no other file is named, if it exists.
pub const DEFAULT_FILE: &str = "runner.yml";

/// Enough for every mode, and a rate that every radio has.
pub const DEFAULT_SAMPLE_RATE: u64 = 2_000_000;

/// What `runner.yml` says.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Holds the runner's key, reports not yet delivered, and the cache.
    pub state_dir: PathBuf,
    /// Where the server is. It counts before the address that the runner enrolled at.
    pub server: Option<String>,
    /// Makes a runner without a key enrol itself, once.
    pub enrollment_token: Option<Token>,
    /// Certificates trusted besides those of the system.
    pub ca_cert: Option<CaCert>,
    /// The least recently used files go when the cache grows beyond this.
    pub cache_max_bytes: u64,
    /// A radio's process that says nothing for so long is killed.
    pub watchdog_seconds: u32,
    /// The radios of this host.
    pub radios: Vec<RadioConfig>,
}

/// A one-time token. It is not shown when settings are.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Token(String);

impl Token {
    /// The secret.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.trim()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

/// Certificates (PEM): a file, or the text itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum CaCert {
    /// Where they are.
    File(PathBuf),
    /// What they are.
    Text(String),
}

impl From<String> for CaCert {
    fn from(text: String) -> Self {
        if text.trim_start().starts_with("-----BEGIN ") { Self::Text(text) } else { Self::File(text.into()) }
    }
}

impl From<CaCert> for String {
    fn from(certificates: CaCert) -> Self {
        match certificates {
            CaCert::File(file) => file.to_string_lossy().into_owned(),
            CaCert::Text(text) => text,
        }
    }
}

/// One radio.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RadioConfig {
    /// Unique on this runner.
    pub id: RadioId,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Where it may transmit, counting bandwidth. None: anywhere.
    #[serde(default)]
    pub frequency_limits: Vec<Band>,
    /// Samples per second it runs at.
    #[serde(default = "default_sample_rate")]
    pub sample_rate: u64,
    /// How far above the radio's own frequency the signal lies.
    #[serde(default)]
    pub offset_hz: i32,
    /// What kind of radio it is, with what only that kind has.
    #[serde(flatten)]
    pub driver: Driver,
}

/// No radio transmits below; such a number was meant in megahertz.
const LOWEST_HZ: u64 = 1_000_000;

/// The keys of [`RadioConfig`] besides those of its driver.
const RADIO_KEYS: [&str; 6] = ["id", "model", "frequency_limits", "sample_rate", "offset_hz", "driver"];

fn default_sample_rate() -> u64 {
    DEFAULT_SAMPLE_RATE
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
            radios: Vec::new(),
        }
    }
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: {source}", .file.display())]
    Read {
        /// Which.
        file: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The text is wrong.
    #[error("{0}")]
    Settings(String),
    /// Each for itself would do, but not together.
    #[error("{file}: {message}")]
    Conflict {
        /// Where.
        file: String,
        /// What does not go together.
        message: String,
    },
}

impl Config {
    /// Reads `file`, or [`DEFAULT_FILE`] when none is named and it exists; then the environment. Paths in it that are
    /// relative mean the folder of the file.
    ///
    /// # Errors
    /// [`ConfigError`] names the place.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let path = file.unwrap_or(Path::new(DEFAULT_FILE));
        let text = match std::fs::read_to_string(path) {
            Err(error) if file.is_none() && error.kind() == std::io::ErrorKind::NotFound => String::new(),
            read => read.map_err(|source| ConfigError::Read { file: path.to_owned(), source })?,
        };
        let environment =
            std::env::vars_os().filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)));
        let mut config = Self::parse(&text, &path.display().to_string(), environment)?;
        config.resolve(path.parent().unwrap_or(Path::new("")));
        Ok(config)
    }

    /// Reads the text of a file of that name.
    ///
    /// # Errors
    /// [`ConfigError`] names the place.
    pub fn parse(
        text: &str,
        file: &str,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let environment: Vec<_> = environment.into_iter().collect();
        let load = |text: &str| settings::load::<Self>(text, file, environment.clone());
        // In YAML a bare `null` is no word, but here it is what people write. A file that is right as it is may hold
        // the same letters elsewhere.
        let config = load(text).or_else(|_| load(&text.replace("driver: null", "driver: \"null\"")));
        let config = config.map_err(|error| explain(&error))?;
        config.check().map_err(|message| ConfigError::Conflict { file: file.to_owned(), message })?;
        Ok(config)
    }

    fn check(&self) -> Result<(), String> {
        let mut ids = BTreeSet::new();
        for radio in &self.radios {
            if !ids.insert(&radio.id) {
                return Err(format!("two radios have the id {}", radio.id));
            }
            if let Some(band) = radio.frequency_limits.iter().find(|band| band.high() < LOWEST_HZ) {
                return Err(format!(
                    "radio {}: frequency_limits are in hertz, and {band} is far below any radio",
                    radio.id
                ));
            }
            if radio.sample_rate == 0 {
                return Err(format!("radio {}: sample_rate must be above 0", radio.id));
            }
        }
        if self.watchdog_seconds == 0 {
            return Err("watchdog_seconds must be above 0".to_owned());
        }
        Ok(())
    }

    fn resolve(&mut self, folder: &Path) {
        self.state_dir = folder.join(&self.state_dir);
        if let Some(CaCert::File(file)) = &mut self.ca_cert {
            *file = folder.join(&*file);
        }
        for radio in &mut self.radios {
            radio.driver.resolve(folder);
        }
    }

    /// The radio of that id.
    #[must_use]
    pub fn radio(&self, id: &str) -> Option<&RadioConfig> {
        self.radios.iter().find(|radio| radio.id.as_str() == id)
    }

    /// The radios that take what a server hands out.
    pub fn working_radios(&self) -> impl Iterator<Item = &RadioConfig> {
        self.radios.iter().filter(|radio| radio.driver.takes_work())
    }

    /// How long a radio's process may say nothing.
    #[must_use]
    pub fn watchdog(&self) -> Duration {
        Duration::from_secs(self.watchdog_seconds.into())
    }

    /// Held by the process that uses the radio.
    #[must_use]
    pub fn lock_file(&self, radio: &RadioId) -> PathBuf {
        self.state_dir.join("radios").join(format!("{radio}.lock"))
    }
}

/// The driver refuses keys it does not know, and tells only its own; the one meant may be every radio's.
fn explain(error: &SettingsError) -> ConfigError {
    let message = error.to_string();
    let misspelt = message.split_once("unknown field `").and_then(|(_, rest)| rest.split_once('`'));
    let meant = misspelt.and_then(|(word, _)| closest(word, RADIO_KEYS));
    match meant {
        Some(meant) if !message.contains("did you mean") => {
            ConfigError::Settings(format!("{message}\n  = help: did you mean `{meant}`?"))
        }
        _ => ConfigError::Settings(message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(text, "runner.yml", None).map_err(|error| error.to_string())
    }

    #[test]
    fn the_example_is_a_working_configuration() {
        let config = parse(include_str!("../../config/runner.yml")).unwrap();
        let drivers: Vec<_> = config.radios.iter().map(|radio| radio.driver.name()).collect();
        assert_eq!(drivers, ["file", "null"]);
        // None that sends half the event nowhere.
        let working: Vec<_> = config.working_radios().map(|radio| radio.driver.name()).collect();
        assert_eq!(working, ["file"]);
    }

    #[test]
    fn a_misspelt_key_is_refused_with_its_line_and_a_suggestion() {
        for (text, place, meant) in [
            ("state_dri: x\n", "runner.yml:1:1", "state_dir"),
            ("radios:\n  - id: a\n    driver: file\n    directry: x\n", "runner.yml:4:5", "directory"),
            ("radios:\n  - id: a\n    driver: null\n    sample_rte: 1\n", "runner.yml:4:5", "sample_rate"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(place) && error.contains(&format!("did you mean `{meant}`?")), "{error}");
        }
    }

    #[test]
    fn a_certificate_is_a_file_or_stands_in_the_configuration() {
        let pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let text = format!("ca_cert: |\n  {}\n", pem.trim_end().replace('\n', "\n  "));
        assert_eq!(parse(&text).unwrap().ca_cert, Some(CaCert::Text(pem.to_owned())));
        let mut config = parse("ca_cert: server.pem").unwrap();
        config.resolve(Path::new("/etc/challengectl"));
        assert_eq!(config.ca_cert, Some(CaCert::File("/etc/challengectl/server.pem".into())));
    }

    #[test]
    fn limits_in_megahertz_are_refused() {
        let limits =
            |limits: &str| parse(&format!("radios: [{{id: a, driver: \"null\", frequency_limits: [\"{limits}\"]}}]"));
        assert!(limits("144000000-148000000").is_ok());
        assert!(limits("144-148").unwrap_err().to_string().contains("radio a: frequency_limits are in hertz"));
    }

    #[test]
    fn a_token_is_not_shown_with_the_settings() {
        let config = parse("{server: http://h, enrollment_token: et_secret}").unwrap();
        assert_eq!(config.enrollment_token.as_ref().unwrap().reveal(), "et_secret");
        assert!(!format!("{config:?}").contains("et_secret"));
    }

    #[test]
    fn a_container_can_be_told_by_its_environment_where_to_enrol() {
        let variables = [("SERVER", "https://h:1"), ("ENROLLMENT_TOKEN", "et_1")];
        let environment = variables.map(|(name, value)| (format!("CHALLENGECTL_{name}"), value.to_owned()));
        let config = Config::parse("", "runner.yml", environment).unwrap();
        assert_eq!(config.server.as_deref(), Some("https://h:1"));
        assert_eq!(config.enrollment_token.unwrap().reveal(), "et_1");
    }

    #[test]
    fn a_model_may_be_called_like_a_setting() {
        let config = parse("radios:\n  - id: a\n    driver: \"null\"\n    model: \"driver: null\"\n").unwrap();
        assert_eq!(config.radios[0].model.as_deref(), Some("driver: null"));
    }

    #[test]
    fn two_radios_of_one_id_are_refused() {
        let error = parse("radios:\n  - {id: a, driver: null}\n  - {id: a, driver: null}\n").unwrap_err();
        assert_eq!(error, "runner.yml: two radios have the id a");
    }

    #[test]
    fn the_environment_overrides_the_file() {
        let environment = vec![("CHALLENGECTL_WATCHDOG_SECONDS".to_owned(), "9".to_owned())];
        let text = "watchdog_seconds: 3\nradios: [{id: a, driver: null, frequency_limits: [144000000-148000000]}]\n";
        let config = Config::parse(text, "runner.yml", environment).unwrap();
        assert_eq!(config.watchdog(), Duration::from_secs(9));
        assert_eq!(config.radios.len(), 1);
    }
}
