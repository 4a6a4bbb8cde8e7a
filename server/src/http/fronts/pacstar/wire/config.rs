//! The config of a challenge, and what is made of it.

use super::port::PortEntry;
use super::resources::{Ceiling, Resources, Share};
use crate::http::Problem;
use crate::http::fronts::pacstar::envelope::unprocessable;
use challengectl_common::instance::{
    Capability, ContainerName, ContainerSpec, HealthCheck, InstanceSpec, Limits, PortSpec, Transport,
};
use challengectl_common::wire::deployments::{PodSecurity, Requests};
use challengectl_coordinator::deployments::{DeployedChallenge, Manner};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// Ports of a challenge.
const MAX_PORTS: usize = 20;
/// Bytes of all variables together.
const MAX_VARIABLES: usize = 64 * 1024;
/// Seconds in which an instance has to answer after its start.
const START_SECONDS: u32 = 60;
/// The flag of a team.
const FLAG: &str = "FLAG";

/// What a challenge is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = DeployedType)]
pub enum ChallengeType {
    Web,
    Jwt,
    Crypto,
    Reverse,
    Pwn,
}

/// What an instance consists of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DeployedConfig)]
pub struct Config {
    /// `web` and `jwt` are opened by a browser, the others by TCP.
    pub challenge_type: ChallengeType,
    /// The image, as the cluster's nodes pull it.
    #[schema(min_length = 1, max_length = 255)]
    pub image: String,
    /// Numbers of TCP, or texts such as `"53/udp"`.
    #[schema(min_items = 1, max_items = 20, examples(json!([80])))]
    pub ports: Vec<PortEntry>,
    /// They are kept secret; `FLAG` is also the flag of the challenge.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment_vars: BTreeMap<String, String>,
    /// What an instance may use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
    /// The page of the first port that answers when it is ready; absent: a connection is enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^/[!-~]*$", max_length = 1000)]
    pub health_check_path: Option<String>,
    /// The form of flags, such as `CTF{}`. It is shown, and checked by no one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 100)]
    pub flag_format: Option<String>,
    /// The command and its arguments; absent: those of the image.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// How far its containers are kept from their node.
    #[serde(default, skip_serializing_if = "is_baseline")]
    pub security: PodSecurity,
    /// Whether its containers may reach the world outside the cluster.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub internet_access: bool,
    /// The Secret of the cluster with which the image is pulled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
    pub pull_secret: Option<String>,
}

fn is_baseline(security: &PodSecurity) -> bool {
    *security == PodSecurity::Baseline
}

impl Config {
    /// Returns that of a challenge; `None` if another version of the server has written it.
    pub fn of(challenge: &DeployedChallenge) -> Option<Self> {
        serde_json::from_value(challenge.config.clone()).ok()
    }

    /// Returns whether a browser opens it.
    pub fn is_http(&self) -> bool {
        matches!(self.challenge_type, ChallengeType::Web | ChallengeType::Jwt)
    }

    /// Returns the URL of an instance at a host. `via`: the port of nodes that leads to one of its ports.
    pub fn url(&self, host: &str, via: impl Fn(u16) -> Option<u16>) -> Option<String> {
        let numbers: Vec<u16> = self.ports.iter().map(|it| it.port.number.get()).collect();
        let (scheme, port) = match (self.is_http(), &numbers[..]) {
            (true, [443]) => ("https", 443),
            (true, _) => ("http", 80),
            (false, [first, ..]) => ("tcp", *first),
            (false, []) => return None,
        };
        match via(port) {
            Some(node) if scheme == "tcp" => Some(format!("tcp://{host}:{node}")),
            Some(node) => Some(format!("{scheme}://{host}:{node}/")),
            None if scheme == "tcp" => Some(format!("tcp://{host}:{port}")),
            None => Some(format!("{scheme}://{host}/")),
        }
    }

    /// Returns what is odd about it, and no mistake.
    pub fn warnings(&self) -> Vec<String> {
        let parts = self.flag_format.as_deref().and_then(|format| format.split_once("{}"));
        let (Some((prefix, end)), Some(flag)) = (parts, self.environment_vars.get(FLAG)) else { return Vec::new() };
        let fits = flag.starts_with(&format!("{prefix}{{")) && flag.ends_with(&format!("}}{end}"));
        let warning = "environment_vars: FLAG does not have the form of flag_format".to_owned();
        if fits { Vec::new() } else { vec![warning] }
    }

    /// Returns what those see who do not manage challenges: neither image nor variables nor resources.
    pub fn in_public(&self) -> Value {
        let mut shown = serde_json::Map::new();
        let whole = serde_json::to_value(self).unwrap_or_default();
        for name in ["challenge_type", "ports", "flag_format", "health_check_path"] {
            shown.extend(whole.get(name).map(|value| (name.to_owned(), value.clone())));
        }
        Value::Object(shown)
    }

    /// Returns what an instance consists of, and what a cluster needs to know besides.
    pub fn spec(&self, ceiling: Ceiling) -> Result<(InstanceSpec, Manner), Problem> {
        self.check()?;
        let (limits, requests) = self.resources.clone().unwrap_or_default().shares(ceiling)?;
        let is_http = self.is_http();
        let port = |entry: &PortEntry| {
            let is_tcp = entry.port.transport == Transport::Tcp;
            PortSpec { name: None, port: entry.port, is_http: is_http && is_tcp }
        };
        let first = self.ports.iter().map(|it| it.port).find(|port| port.transport == Transport::Tcp);
        let path = self.health_check_path.clone().filter(|_| is_http);
        let container = ContainerSpec {
            environment: self.environment_vars.clone(),
            command: self.command.clone(),
            limits: Limits {
                memory_mib: u32::try_from(limits.memory_bytes.div_ceil(1 << 20)).unwrap_or(u32::MAX),
                cpus: f64::from(limits.cpu_millis) / 1000.0,
                ..Limits::default()
            },
            capabilities: self.capabilities(),
            health: first.map(|port| HealthCheck { port, path, start_seconds: START_SECONDS }),
            ..ContainerSpec::of_image(self.image.clone(), self.ports.iter().map(port).collect())
        };
        let spec = InstanceSpec { containers: vec![container], process: None };
        spec.check().map_err(|why| unprocessable(format!("config: {why}")))?;
        let Share { cpu_millis, memory_bytes } = requests;
        let kept = Requests { container: ContainerName::sole(), cpu_millis, memory_bytes };
        let manner = Manner {
            is_http,
            requests: vec![kept],
            reaches_out: self.internet_access,
            security: self.security,
            pull_secret: self.pull_secret.clone(),
        };
        Ok((spec, manner))
    }

    /// Common images begin as root, and give it up.
    fn capabilities(&self) -> BTreeSet<Capability> {
        match self.security {
            PodSecurity::Baseline => {
                [Capability::Chown, Capability::Setgid, Capability::Setuid, Capability::NetBindService].into()
            }
            PodSecurity::Restricted => [Capability::NetBindService].into(),
        }
    }

    fn check(&self) -> Result<(), Problem> {
        if !(1..=MAX_PORTS).contains(&self.ports.len()) {
            return Err(unprocessable(format!("config.ports: {}, not from 1 to {MAX_PORTS}", self.ports.len())));
        }
        let is_name = |name: &str| {
            let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
            !name.is_empty() && name.chars().all(is_letter) && !name.starts_with(|c: char| c.is_ascii_digit())
        };
        if let Some(name) = self.environment_vars.keys().find(|name| !is_name(name)) {
            return Err(unprocessable(format!("config.environment_vars: {name:?} is no name of a variable")));
        }
        let size: usize = self.environment_vars.iter().map(|(name, value)| name.len() + value.len()).sum();
        if size > MAX_VARIABLES {
            return Err(unprocessable(format!("config.environment_vars: more than {MAX_VARIABLES} bytes")));
        }
        let format = self.flag_format.as_deref().unwrap_or_default();
        if format.chars().count() > 100 || format.chars().any(char::is_control) {
            return Err(unprocessable("config.flag_format: more than 100 characters, or a control character"));
        }
        let is_path =
            |path: &String| path.starts_with('/') && path.len() <= 1000 && path.bytes().all(|it| it.is_ascii_graphic());
        if self.health_check_path.as_ref().is_some_and(|path| !is_path(path)) {
            return Err(unprocessable("config.health_check_path: must begin with '/', and be printable"));
        }
        if self.pull_secret.clone().is_some_and(|name| ContainerName::try_from(name).is_err()) {
            return Err(unprocessable("config.pull_secret: is no name of a Secret"));
        }
        Ok(())
    }
}
