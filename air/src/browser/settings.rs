//! Settings of the receiver in the browser.

use super::feed::Feed;
use crate::Spectrum;
use crate::listen::{Band, BandError};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// Settings of the receiver in the browser.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The address at which the page is served, without TLS.
    pub listen: SocketAddr,
    /// The heading of the page.
    pub title: String,
    /// The bands that a listener may choose from; a page shows the first one first.
    pub bands: Vec<BandSettings>,
    /// The most listeners.
    pub max_listeners: usize,
    /// The most listeners from one address, or from one /64 of IPv6. A whole venue may share one.
    pub max_listeners_per_address: usize,
    /// Seconds without a command other than an acknowledgement after which a listener is disconnected; 0: never.
    pub idle_seconds: u64,
    /// Addresses or networks of proxies, whose `X-Forwarded-For` is trusted.
    pub trusted_proxies: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 8470)),
            title: "Receiver".to_owned(),
            bands: Vec::new(),
            max_listeners: 100,
            max_listeners_per_address: 50,
            idle_seconds: 3 * 60 * 60,
            trusted_proxies: Vec::new(),
        }
    }
}

/// A band that listeners may choose.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BandSettings {
    /// The name that listeners see.
    pub name: String,
    /// The frequency in its middle, in hertz.
    pub centre_hz: f64,
    /// Samples per second, and its width in hertz.
    #[serde(default = "usual_rate")]
    pub rate: u32,
}

fn usual_rate() -> u32 {
    2_048_000
}

/// Why the settings are invalid.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// There is no band.
    #[error("bands: give at least one, such as {{name: 2 m, centre_hz: 145000000}}")]
    NoBand,
    /// A band is impossible.
    #[error("bands: {name:?}: {error}")]
    Band {
        /// Its name.
        name: String,
        /// The reason.
        error: BandError,
    },
    /// A proxy is neither an address nor a network.
    #[error("trusted_proxies: {0:?} is no address; give one such as 10.0.0.1, or a network such as 10.0.0.0/8")]
    Proxy(String),
}

impl Settings {
    /// Checks all values.
    ///
    /// # Errors
    /// [`SettingsError`] for what [`serve`](super::serve) would refuse.
    pub fn check(&self) -> Result<(), SettingsError> {
        if self.bands.is_empty() {
            return Err(SettingsError::NoBand);
        }
        for BandSettings { name, centre_hz, rate } in &self.bands {
            Band::new(*centre_hz, *rate).map_err(|error| SettingsError::Band { name: name.clone(), error })?;
        }
        self.proxies().map(drop)
    }

    pub(super) fn idle(&self) -> Option<Duration> {
        (self.idle_seconds > 0).then(|| Duration::from_secs(self.idle_seconds))
    }

    /// Creates the bands, on this air.
    pub(super) fn feeds(&self, spectrum: &Spectrum) -> Result<Vec<Arc<Feed>>, SettingsError> {
        if self.bands.is_empty() {
            return Err(SettingsError::NoBand);
        }
        let feed = |settings: &BandSettings| {
            let name = settings.name.clone();
            match Band::new(settings.centre_hz, settings.rate) {
                Ok(band) => Ok(Feed::new(name, band, spectrum.clone())),
                Err(error) => Err(SettingsError::Band { name, error }),
            }
        };
        self.bands.iter().map(feed).collect()
    }

    pub(super) fn proxies(&self) -> Result<Vec<IpNet>, SettingsError> {
        let network = |text: &String| {
            let address = text.parse::<IpAddr>().map(IpNet::from);
            address.or_else(|_| text.parse()).map_err(|_| SettingsError::Proxy(text.clone()))
        };
        self.trusted_proxies.iter().map(network).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_addresses_or_networks() {
        let with = |proxy: &str| Settings { trusted_proxies: vec![proxy.to_owned()], ..Settings::default() };
        assert!(with("10.0.0.1").proxies().unwrap()[0].contains(&"10.0.0.1".parse::<IpAddr>().unwrap()));
        assert!(with("fd00::/8").proxies().is_ok());
        assert!(
            with("proxy.example").proxies().unwrap_err().to_string().starts_with("trusted_proxies: \"proxy.example\"")
        );
    }
}
