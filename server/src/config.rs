//! The server's settings: `server.yml`, then the environment.

mod docker;
mod engine;
mod pacstar;
mod players;
mod receive;
mod sessions;

pub use docker::Docker;
pub use engine::Engine;
pub use pacstar::Pacstar;
pub use players::{PlayMode, Players, WhoRegisters};
pub use receive::{AirAddress, Receive};
pub use sessions::Sessions;

use challengectl_common::FrequencyRules;
use challengectl_common::older;
use challengectl_common::settings::{self, SettingsError};
use challengectl_coordinator::network::Network;
use challengectl_coordinator::{HostBinding, Retention, Rules};
use serde::{Deserialize, Serialize};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The settings of `challengectl-server`; `config/server.yml` documents each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "config/server.yml has the documentation")]
pub struct Config {
    pub listen: SocketAddr,
    pub data_dir: PathBuf,
    pub event_file: Option<PathBuf>,
    pub lease_seconds: f64,
    pub grace_seconds: f64,
    pub heartbeat_interval: Option<f64>,
    pub poll_interval: f64,
    pub guard_hz: u64,
    pub frequency_rules: FrequencyRules,
    pub keep_transmissions: Option<u64>,
    pub keep_transmissions_days: Option<u32>,
    pub keep_unused_files_days: Option<u32>,
    pub host_binding: HostBinding,
    pub receive: Receive,
    pub docker: Docker,
    pub engine: Engine,
    pub sessions: Sessions,
    pub pacstar: Pacstar,
    pub players: Players,
    pub tls: Tls,
    pub trusted_proxies: Vec<String>,
    pub metrics_allow: Vec<String>,
    pub allowed_origins: Vec<String>,
    pub log_filter: String,
    pub log_format: LogFormat,
}

/// The TLS settings; by default the server speaks plain HTTP.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "config/server.yml has the documentation")]
pub struct Tls {
    pub certificate: Option<PathBuf>,
    pub key: Option<PathBuf>,
    pub self_signed: bool,
    pub names: Vec<String>,
}

impl Tls {
    /// Returns whether the server speaks TLS.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.self_signed || self.certificate.is_some()
    }

    fn check(&self) -> Result<(), ConfigError> {
        let reason = match (&self.certificate, &self.key) {
            (Some(_), None) => "certificate is given without key",
            (None, Some(_)) => "key is given without certificate",
            (Some(_), Some(_)) if self.self_signed => "give either certificate and key, or self_signed",
            _ if !self.names.is_empty() && !self.self_signed => "names are only used with self_signed",
            _ => return Ok(()),
        };
        Err(ConfigError::Value { setting: "tls", reason: reason.to_owned() })
    }
}

/// The format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub enum LogFormat {
    Text,
    Json,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 8443)),
            data_dir: PathBuf::from("data"),
            event_file: None,
            lease_seconds: 60.0,
            grace_seconds: 15.0,
            heartbeat_interval: None,
            poll_interval: 10.0,
            guard_hz: 5_000,
            frequency_rules: FrequencyRules::default(),
            keep_transmissions: None,
            keep_transmissions_days: None,
            keep_unused_files_days: Some(7),
            host_binding: HostBinding::default(),
            receive: Receive::default(),
            docker: Docker::default(),
            engine: Engine::default(),
            sessions: Sessions::default(),
            pacstar: Pacstar::default(),
            players: Players::default(),
            tls: Tls::default(),
            trusted_proxies: Vec::new(),
            metrics_allow: ["127.0.0.0/8", "::1"].map(str::to_owned).to_vec(),
            allowed_origins: Vec::new(),
            log_filter: "info".to_owned(),
            log_format: LogFormat::Text,
        }
    }
}

/// Why the settings are invalid.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        error: std::io::Error,
    },
    /// A key is unknown, or a value invalid.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The file is a configuration of the older challengectl, or an event file.
    #[error("{0}")]
    Older(String),
    /// A value is out of its limits.
    #[error("{setting}: {reason}")]
    Value {
        /// The setting.
        setting: &'static str,
        /// The problem.
        reason: String,
    },
}

impl Config {
    /// Reads the settings from a file, if there is one, the environment, and the command line. Relative paths are
    /// resolved against the folder of the file.
    pub fn load(
        path: Option<&Path>,
        variables: impl IntoIterator<Item = (String, String)>,
        flags: &[(String, String)],
    ) -> Result<Self, ConfigError> {
        let text = path.map_or(Ok(String::new()), |path| {
            std::fs::read_to_string(path).map_err(|error| ConfigError::Read { path: path.to_owned(), error })
        })?;
        let name = path.unwrap_or(Path::new("server.yml")).display().to_string();
        let loaded = settings::load(&text, &name, variables);
        let explained = |error| older::explain(&text, &name).map_or(ConfigError::Settings(error), ConfigError::Older);
        let mut config: Self = loaded.map_err(explained)?;
        for (name, value) in flags {
            config = settings::assign(&config, name, value)?;
        }
        if let Some(folder) = path.and_then(Path::parent) {
            let named = [&mut config.event_file, &mut config.tls.certificate, &mut config.tls.key];
            for path in named.into_iter().flatten().chain([&mut config.data_dir]) {
                *path = folder.join(&*path);
            }
        }
        config.tls.check()?;
        config.receive.check()?;
        config.engine.check()?;
        config.sessions.check()?;
        config.pacstar.check(config.tls.is_on())?;
        config.players.settings()?;
        config.log_filter()?;
        config.origins()?;
        config.rules()?;
        config.proxies()?;
        config.metrics_networks()?;
        Ok(config)
    }

    /// Returns the rules for the coordinator.
    pub fn rules(&self) -> Result<Rules, ConfigError> {
        let lease = seconds("lease_seconds", self.lease_seconds, 0.5, 3600.0)?;
        // Two heartbeats can be lost before a lease runs out.
        let heartbeat = self.heartbeat_interval.unwrap_or(self.lease_seconds / 3.0);
        let heartbeat_interval = seconds("heartbeat_interval", heartbeat, 0.1, self.lease_seconds / 2.0)?;
        Ok(Rules {
            lease,
            grace: seconds("grace_seconds", self.grace_seconds, 0.0, 3600.0)?,
            heartbeat_interval,
            poll_interval: seconds("poll_interval", self.poll_interval, 0.1, 3600.0)?,
            guard_hz: self.guard_hz,
            frequency_rules: self.frequency_rules.clone(),
            retention: Retention {
                age: self.keep_transmissions_days.map(|days| DAY * days),
                count: self.keep_transmissions,
                unused_files: self.keep_unused_files_days.map(|days| DAY * days),
            },
            host_binding: self.host_binding,
            instances_per_owner: self.players.instances,
            start_wait: seconds("players.start_seconds", self.players.start_seconds, 0.1, 30.0)?,
            pool: self.pacstar.pool()?,
        })
    }

    /// Returns the filter of log lines. A word that is not a level is refused: it would be read as the name of a module
    /// and silence all others.
    pub fn log_filter(&self) -> Result<EnvFilter, ConfigError> {
        let refuse = |reason: String| ConfigError::Value { setting: "log_filter", reason };
        let words = self.log_filter.split(',').map(str::trim).filter(|word| !word.is_empty() && !word.contains('='));
        for word in words {
            word.parse::<LevelFilter>()
                .map_err(|_| refuse(format!("{word:?} is neither error, warn, info, debug or trace nor PART=LEVEL")))?;
        }
        let mut text = self.log_filter.clone();
        // It logs every malformed request as an error, and a client can send thousands of them per second.
        if !text.contains("actix_http") {
            text.push_str(",actix_http=off");
        }
        EnvFilter::try_new(text).map_err(|error| refuse(error.to_string()))
    }

    /// Returns the sites whose pages may use their visitors' logins.
    pub fn origins(&self) -> Result<&[String], ConfigError> {
        let is_site = |origin: &&String| origin.starts_with("https://") || origin.starts_with("http://");
        match self.allowed_origins.iter().find(|origin| !is_site(origin)) {
            None => Ok(&self.allowed_origins),
            Some(origin) => {
                let reason = format!("{origin:?} is not a site such as https://screens.example.com");
                Err(ConfigError::Value { setting: "allowed_origins", reason })
            }
        }
    }

    /// Returns the proxies whose forwarding headers are trusted.
    pub fn proxies(&self) -> Result<Vec<Network>, ConfigError> {
        networks("trusted_proxies", &self.trusted_proxies)
    }

    /// Returns the networks that may read the metrics.
    pub fn metrics_networks(&self) -> Result<Vec<Network>, ConfigError> {
        networks("metrics_allow", &self.metrics_allow)
    }
}

fn networks(setting: &'static str, texts: &[String]) -> Result<Vec<Network>, ConfigError> {
    let refuse = |reason: String| ConfigError::Value { setting, reason };
    texts.iter().map(|text| text.parse().map_err(|error| refuse(format!("{error}")))).collect()
}

fn seconds(setting: &'static str, value: f64, min: f64, max: f64) -> Result<Duration, ConfigError> {
    if !(min..=max).contains(&value) {
        let reason = format!("{value} is not a number of seconds from {min} to {max}");
        return Err(ConfigError::Value { setting, reason });
    }
    Ok(Duration::from_secs_f64(value))
}

#[cfg(test)]
mod tests;
