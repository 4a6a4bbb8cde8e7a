//! Where the air is received.

use super::ConfigError;
use http::Uri;
use serde::{Deserialize, Serialize};

/// The settings of the receiver: the page of the air that a runner serves, and the addresses for other programs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "config/server.yml has the documentation")]
pub struct Receive {
    pub url: Option<String>,
    pub players: bool,
    pub rtl_tcp: Vec<String>,
    pub streams: Vec<String>,
}

/// Where the browser's part of the air is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AirAddress {
    /// A name or an address, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl Receive {
    /// Returns the address in `url`; `None` if there is no receiver.
    ///
    /// # Errors
    /// It is no URL, or one with more than host and port, or of TLS, which the air does not speak.
    pub fn air(&self) -> Result<Option<AirAddress>, ConfigError> {
        let Some(url) = &self.url else { return Ok(None) };
        let reason = || format!("url: {url:?} is not the air's address alone, such as http://127.0.0.1:8470");
        let refuse = || ConfigError::Value { setting: "receive", reason: reason() };
        let uri: Uri = url.parse().map_err(|_| refuse())?;
        let host = uri.host().map(|host| host.trim_matches(['[', ']'])).filter(|host| !host.is_empty());
        let is_bare = uri.scheme_str() == Some("http")
            && matches!(uri.path(), "" | "/")
            && uri.query().is_none()
            && !url.contains(['#', '@']);
        match host.filter(|_| is_bare) {
            Some(host) => Ok(Some(AirAddress { host: host.to_owned(), port: uri.port_u16().unwrap_or(80) })),
            None => Err(refuse()),
        }
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.air()?.is_none() && self.players {
            let reason = "players can only listen with url, the air's address".to_owned();
            return Err(ConfigError::Value { setting: "receive", reason });
        }
        Ok(())
    }
}

impl AirAddress {
    /// Host and port as in a URL.
    #[must_use]
    pub fn authority(&self) -> String {
        let Self { host, port } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_the_air_is_a_plain_one() {
        let of = |url: &str| Receive { url: Some(url.to_owned()), ..Receive::default() }.air();
        let authority = |url: &str| of(url).unwrap().unwrap().authority();
        assert_eq!(authority("http://127.0.0.1:8470"), "127.0.0.1:8470");
        assert_eq!(authority("http://air.example/"), "air.example:80");
        assert_eq!(authority("http://[::1]:8470"), "[::1]:8470");
        for url in ["127.0.0.1:8470", "https://air.example", "http://air:8470/receive", "http://a@b:1", "http://", ""] {
            let error = of(url).unwrap_err().to_string();
            assert!(error.starts_with("receive: url: ") && error.ends_with("such as http://127.0.0.1:8470"), "{error}");
        }
        let without = Receive { players: true, ..Receive::default() };
        assert!(without.check().unwrap_err().to_string().contains("with url"));
        assert_eq!(Receive::default().air().unwrap(), None);
    }
}
