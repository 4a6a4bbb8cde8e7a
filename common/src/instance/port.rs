//! Ports: of containers, and as authors name them.

use serde::{Deserialize, Serialize};
use std::num::NonZeroU16;

/// A port of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Port {
    /// The number in the container.
    pub number: NonZeroU16,
    /// The protocol.
    pub transport: Transport,
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Port {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        let text = utoipa::openapi::ObjectBuilder::new().schema_type(utoipa::openapi::Type::String);
        text.description(Some("A port of a container, as NUMBER/tcp or NUMBER/udp."))
            .pattern(Some("^[1-9][0-9]{0,4}/(tcp|udp)$"))
            .examples(["80/tcp"])
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Port {}

/// The protocol of a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

/// Why a port cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a port such as 80/tcp or 53/udp")]
pub struct ParsePortError(String);

impl std::str::FromStr for Port {
    type Err = ParsePortError;

    /// Reads `80/tcp`, `53/udp` or `80`, which means TCP.
    fn from_str(text: &str) -> Result<Self, ParsePortError> {
        let refuse = || ParsePortError(text.to_owned());
        let (number, transport) = text.split_once('/').unwrap_or((text, "tcp"));
        let transport = match transport {
            "tcp" => Transport::Tcp,
            "udp" => Transport::Udp,
            _ => return Err(refuse()),
        };
        let is_number = !number.starts_with('0') && number.bytes().all(|byte| byte.is_ascii_digit());
        let number = number.parse().ok().filter(|_| is_number).ok_or_else(refuse)?;
        Ok(Self { number, transport })
    }
}

impl TryFrom<String> for Port {
    type Error = ParsePortError;

    fn try_from(text: String) -> Result<Self, ParsePortError> {
        text.parse()
    }
}

impl From<Port> for String {
    fn from(port: Port) -> String {
        port.to_string()
    }
}

impl std::fmt::Display for Port {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.number, self.transport.as_str())
    }
}

impl Transport {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}

/// A port that players reach, as an author gives it: `80/http`, `ssh=22/tcp`, `53/udp`, `80`, which means TCP.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PortSpec {
    /// What players call it; it tells several ports apart.
    pub name: Option<PortName>,
    /// The port.
    pub port: Port,
    /// Whether a browser opens it.
    pub is_http: bool,
}

/// The name of a port: up to 20 lower-case letters, digits and `-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortName(String);

impl PortName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn parse(text: &str) -> Option<Self> {
        let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let is_name = (1..=20).contains(&text.len()) && text.bytes().all(is_allowed);
        is_name.then(|| Self(text.to_owned()))
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for PortSpec {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        let text = utoipa::openapi::ObjectBuilder::new().schema_type(utoipa::openapi::Type::String);
        text.description(Some("A port that players reach, as [NAME=]NUMBER/http, /tcp or /udp."))
            .pattern(Some("^([a-z0-9-]{1,20}=)?[1-9][0-9]{0,4}(/(http|tcp|udp))?$"))
            .examples(["80/http"])
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for PortSpec {}

impl std::str::FromStr for PortSpec {
    type Err = ParsePortError;

    fn from_str(text: &str) -> Result<Self, ParsePortError> {
        let refuse = || ParsePortError(text.to_owned());
        let (name, port) = match text.split_once('=') {
            Some((name, port)) => (Some(PortName::parse(name).ok_or_else(refuse)?), port),
            None => (None, text),
        };
        let (port, is_http) = match port.strip_suffix("/http") {
            Some(number) if !number.contains('/') => (number, true),
            Some(_) => return Err(refuse()),
            None => (port, false),
        };
        Ok(Self { name, port: port.parse().map_err(|_| refuse())?, is_http })
    }
}

impl TryFrom<String> for PortSpec {
    type Error = ParsePortError;

    fn try_from(text: String) -> Result<Self, ParsePortError> {
        text.parse()
    }
}

impl From<PortSpec> for String {
    fn from(port: PortSpec) -> String {
        port.to_string()
    }
}

impl std::fmt::Display for PortSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(name) = &self.name {
            write!(f, "{}=", name.as_str())?;
        }
        if self.is_http { write!(f, "{}/http", self.port.number) } else { self.port.fmt(f) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_read_and_written_in_the_documented_form() {
        let port = |text: &str| text.parse::<Port>();
        assert_eq!(port("80/tcp").unwrap().to_string(), "80/tcp");
        assert_eq!(port("53/udp").unwrap().transport, Transport::Udp);
        assert_eq!(port("8080").unwrap().to_string(), "8080/tcp");
        for text in ["", "0/tcp", "080/tcp", "65536/tcp", "+80/tcp", "80/TCP", "80/sctp", "80/", "a/tcp", "80/tcp/udp"]
        {
            assert!(port(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_author_names_a_port_and_says_what_opens_it() {
        let port = |text: &str| text.parse::<PortSpec>();
        for text in ["80/http", "ssh=22/tcp", "53/udp", "admin-1=8080/http"] {
            assert_eq!(port(text).unwrap().to_string(), text);
        }
        assert_eq!(port("80/http").unwrap().port.to_string(), "80/tcp");
        assert_eq!(port("8080").unwrap().to_string(), "8080/tcp");
        for text in ["", "=80", "Web=80/tcp", "a=b=80/tcp", "80/tcp/http", "/http", "0/http", &"a".repeat(21)] {
            assert!(port(text).is_err(), "{text}");
        }
    }
}
