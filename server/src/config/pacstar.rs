//! The pacstar front.

use super::ConfigError;
use challengectl_coordinator::address_pool::AddressPool;
use challengectl_coordinator::deployers::{DeployerSettings, Lives};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

/// Seconds that an access token may be valid.
const ACCESS: RangeInclusive<u32> = 60..=86_400;
/// Days that a refresh token may be valid.
const REFRESH: RangeInclusive<u32> = 1..=90;

/// The settings of the pacstar front.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "config/server.yml has the documentation")]
pub struct Pacstar {
    pub listen: Option<SocketAddr>,
    pub behind_proxy: bool,
    pub pool: Option<String>,
    pub bootstrap_masters: Vec<String>,
    pub names: Vec<String>,
    pub access_seconds: u32,
    pub refresh_days: u32,
    pub max_cpus: f64,
    pub max_memory_mib: u32,
}

impl Default for Pacstar {
    fn default() -> Self {
        Self {
            listen: None,
            behind_proxy: false,
            pool: Some("192.168.250.100-192.168.250.130".to_owned()),
            bootstrap_masters: ["master_admin", "admin"].map(str::to_owned).to_vec(),
            names: Vec::new(),
            access_seconds: 900,
            refresh_days: 7,
            max_cpus: 4.0,
            max_memory_mib: 8192,
        }
    }
}

impl Pacstar {
    /// Returns the addresses that instances get; `None`: the cluster chooses.
    pub(super) fn pool(&self) -> Result<Option<AddressPool>, ConfigError> {
        let read = |text: &String| text.parse().map_err(|error| refused(format!("pool: {error}")));
        self.pool.as_ref().map(read).transpose()
    }

    /// Returns how people become deployers.
    #[must_use]
    pub fn deployers(&self) -> DeployerSettings {
        let access = Duration::from_secs(self.access_seconds.into());
        let refresh = Duration::from_secs(u64::from(self.refresh_days) * 86_400);
        DeployerSettings { bootstrap_masters: self.bootstrap_masters.clone(), lives: Lives { access, refresh } }
    }

    /// `has_tls`: the server has a certificate, which this front uses where others reach it.
    pub(super) fn check(&self, has_tls: bool) -> Result<(), ConfigError> {
        self.pool()?;
        let is_open = self.listen.is_some_and(|address| !address.ip().is_loopback());
        if is_open && !has_tls && !self.behind_proxy {
            let why = "listen: tokens would be readable on the way; set tls, or behind_proxy if a proxy in front of it speaks \
                       TLS, or listen at 127.0.0.1";
            return Err(refused(why.to_owned()));
        }
        if !ACCESS.contains(&self.access_seconds) {
            let (low, high) = (ACCESS.start(), ACCESS.end());
            return Err(refused(format!("access_seconds: {}, not from {low} to {high}", self.access_seconds)));
        }
        if !REFRESH.contains(&self.refresh_days) {
            let (low, high) = (REFRESH.start(), REFRESH.end());
            return Err(refused(format!("refresh_days: {}, not from {low} to {high}", self.refresh_days)));
        }
        if !(0.01..=1024.0).contains(&self.max_cpus) {
            return Err(refused(format!("max_cpus: {}, not from 0.01 to 1024", self.max_cpus)));
        }
        if !(6..=1_048_576).contains(&self.max_memory_mib) {
            return Err(refused(format!("max_memory_mib: {}, not from 6 to 1048576", self.max_memory_mib)));
        }
        Ok(())
    }
}

fn refused(reason: String) -> ConfigError {
    ConfigError::Value { setting: "pacstar", reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_not_sent_in_clear() {
        let of = |listen: &str, behind_proxy| Pacstar {
            listen: Some(listen.parse().unwrap()),
            behind_proxy,
            ..Pacstar::default()
        };
        assert!(of("127.0.0.1:8000", false).check(false).is_ok() && of("[::1]:8000", false).check(false).is_ok());
        let error = of("0.0.0.0:8000", false).check(false).unwrap_err().to_string();
        assert!(error.contains("behind_proxy"), "{error}");
        assert!(of("0.0.0.0:8000", false).check(true).is_ok() && of("0.0.0.0:8000", true).check(false).is_ok());
        let pool = Pacstar { pool: Some("10.0.0.9".to_owned()), ..Pacstar::default() };
        assert!(pool.check(false).unwrap_err().to_string().contains("pacstar: pool: \"10.0.0.9\""));
    }
}
