//! Instances: what a challenge of kind `instance` starts for each owner.

use crate::name::NameError;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU16;

/// Containers of one instance.
pub const MAX_CONTAINERS: usize = 16;
/// Ports of one instance that players reach.
pub const MAX_PORTS: usize = 32;
/// Variables of one container.
pub const MAX_VARIABLES: usize = 256;
/// Bytes of one variable: the kernel limits a string of the environment to 128 KiB (`MAX_ARG_STRLEN`).
pub const MAX_VARIABLE: usize = 128 * 1024;
/// The smallest memory limit in MiB: engines refuse less than 6.
pub const MIN_MEMORY_MIB: u32 = 6;

/// What an instance consists of. A running instance keeps the spec that it was started with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct InstanceSpec {
    /// The containers. They share a network of their own, in which each is reached by its name.
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 16))]
    pub containers: Vec<ContainerSpec>,
}

/// A container of an instance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ContainerSpec {
    /// Its name within the instance, also its host name.
    #[serde(default = "ContainerName::sole")]
    pub name: ContainerName,
    /// The image, as the engine names it.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 255))]
    pub image: String,
    /// The command and its arguments; empty: those of the image.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// Variables of the environment. The flag is added to them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    /// The ports that players reach.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<Port>,
    /// What it may use.
    #[serde(default)]
    pub limits: Limits,
    /// The capabilities that it has, besides none.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub capabilities: BTreeSet<Capability>,
    /// Whether its root file system is read-only; `/tmp` is writable all the same.
    #[serde(default)]
    pub read_only: bool,
}

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

/// What a container may use.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Memory in MiB, with what it writes to memory file systems.
    #[cfg_attr(feature = "openapi", schema(minimum = 6, maximum = 1_048_576))]
    pub memory_mib: u32,
    /// Processor cores.
    #[cfg_attr(feature = "openapi", schema(minimum = 0.01, maximum = 1024))]
    pub cpus: f64,
    /// Processes and threads.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 32_768))]
    pub pids: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory_mib: 256, cpus: 0.5, pids: 128 }
    }
}

/// A capability of Linux (capabilities(7)) that a challenge may have. None of them reaches beyond its container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "capabilities(7) describes each")]
pub enum Capability {
    Chown,
    DacOverride,
    Fowner,
    Kill,
    NetBindService,
    Setgid,
    Setuid,
}

impl Capability {
    /// Its name for engines.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chown => "CHOWN",
            Self::DacOverride => "DAC_OVERRIDE",
            Self::Fowner => "FOWNER",
            Self::Kill => "KILL",
            Self::NetBindService => "NET_BIND_SERVICE",
            Self::Setgid => "SETGID",
            Self::Setuid => "SETUID",
        }
    }
}

/// The name of a container: a label of a host name (RFC 1123, section 2.1), in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, pattern = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"))]
#[serde(try_from = "String", into = "String")]
pub struct ContainerName(String);

impl ContainerName {
    /// The name of the only container of an instance.
    #[must_use]
    pub fn sole() -> Self {
        Self("main".to_owned())
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ContainerName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        let what = "container name";
        if text.is_empty() {
            return Err(NameError::Empty { what });
        }
        if text.len() > 63 {
            return Err(NameError::TooLong { what, limit: 63, len: text.chars().count() });
        }
        let allowed = "lower-case letters, digits, and '-' between them";
        let misplaced = |c: &char| *c == '-' && (text.starts_with('-') || text.ends_with('-'));
        let is_allowed = |c: &char| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '-';
        match text.chars().find(|c| !is_allowed(c) || misplaced(c)) {
            Some(found) => Err(NameError::Character { what, found, allowed }),
            None => Ok(Self(text)),
        }
    }
}

impl From<ContainerName> for String {
    fn from(name: ContainerName) -> String {
        name.0
    }
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
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
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

impl InstanceSpec {
    /// Returns the ports that players reach, each with the container that has it, in the order of the spec.
    pub fn ports(&self) -> impl Iterator<Item = (&ContainerName, Port)> {
        self.containers.iter().flat_map(|container| container.ports.iter().map(|port| (&container.name, *port)))
    }

    /// Checks what the types do not. The error names the place.
    pub fn check(&self) -> Result<(), String> {
        let count = self.containers.len();
        if count == 0 || count > MAX_CONTAINERS {
            return Err(format!("containers: {count}, not from 1 to {MAX_CONTAINERS}"));
        }
        let mut names = BTreeSet::new();
        for container in &self.containers {
            let name = container.name.as_str();
            if !names.insert(name) {
                return Err(format!("containers: two have the name {name}"));
            }
            container.check().map_err(|why| format!("containers: {name}: {why}"))?;
        }
        if self.ports().count() > MAX_PORTS {
            return Err(format!("ports: more than {MAX_PORTS}"));
        }
        Ok(())
    }
}

impl ContainerSpec {
    fn check(&self) -> Result<(), String> {
        let is_plain = |c: char| c.is_ascii_graphic();
        if self.image.is_empty() || self.image.len() > 255 || !self.image.chars().all(is_plain) {
            return Err(format!("image: {:?} is no name of an image", self.image));
        }
        let mut ports = BTreeSet::new();
        if let Some(twice) = self.ports.iter().find(|port| !ports.insert(**port)) {
            return Err(format!("ports: {twice} is given twice"));
        }
        if self.environment.len() > MAX_VARIABLES {
            return Err(format!("environment: more than {MAX_VARIABLES} variables"));
        }
        for (name, value) in &self.environment {
            if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
                return Err(format!("environment: {name:?} is no name of a variable, or its value has a zero byte"));
            }
            if name.len() + value.len() > MAX_VARIABLE {
                return Err(format!("environment: {name} has more than {MAX_VARIABLE} bytes"));
            }
        }
        if self.command.iter().any(|word| word.contains('\0') || word.len() > MAX_VARIABLE) {
            return Err("command: a word with a zero byte, or too long".to_owned());
        }
        self.limits.check()
    }
}

impl Limits {
    fn check(&self) -> Result<(), String> {
        if !(MIN_MEMORY_MIB..=1_048_576).contains(&self.memory_mib) {
            return Err(format!("memory_mib: {}, not from {MIN_MEMORY_MIB} to 1048576", self.memory_mib));
        }
        if !(0.01..=1024.0).contains(&self.cpus) {
            return Err(format!("cpus: {}, not from 0.01 to 1024", self.cpus));
        }
        if !(1..=32_768).contains(&self.pids) {
            return Err(format!("pids: {}, not from 1 to 32768", self.pids));
        }
        Ok(())
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
        for text in ["", "0/tcp", "65536/tcp", "+80/tcp", "80/TCP", "80/sctp", "80/", "a/tcp", "80/tcp/udp"] {
            assert!(port(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_container_is_named_like_a_host() {
        let name = |text: &str| ContainerName::try_from(text.to_owned());
        assert!(name("db-1").is_ok());
        for text in ["", "-a", "a-", "A", "a_b", "a.b", &"a".repeat(64)] {
            assert!(name(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_place_of_a_mistake_is_named() {
        let spec = |yaml: serde_json::Value| serde_json::from_value::<InstanceSpec>(yaml).unwrap().check();
        let of = |container: serde_json::Value| spec(serde_json::json!({"containers": [container]}));
        assert!(of(serde_json::json!({"image": "web:1", "ports": ["80/tcp"]})).is_ok());
        let why = of(serde_json::json!({"image": "web:1", "ports": ["80/tcp", "80"]})).unwrap_err();
        assert_eq!(why, "containers: main: ports: 80/tcp is given twice");
        let why = of(serde_json::json!({"image": "web:1", "limits": {"memory_mib": 5}})).unwrap_err();
        assert_eq!(why, "containers: main: memory_mib: 5, not from 6 to 1048576");
        assert!(of(serde_json::json!({"image": "web:1", "environment": {"A=B": ""}})).is_err());
        assert!(spec(serde_json::json!({"containers": []})).is_err());
    }
}
