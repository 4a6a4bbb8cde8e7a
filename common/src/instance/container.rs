//! What a container of an instance is made of.

use super::container_name::ContainerName;
use super::limits::{Capability, Limits};
use super::port::{Port, PortSpec, Transport};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Variables of one container.
pub const MAX_VARIABLES: usize = 256;
/// Bytes of one variable: the kernel limits a string of the environment to 128 KiB (`MAX_ARG_STRLEN`).
pub const MAX_VARIABLE: usize = 128 * 1024;
/// Memory file systems of one container.
pub const MAX_TMPFS: usize = 16;
/// The longest path, in bytes (`PATH_MAX` without the zero byte).
const MAX_PATH: usize = 4095;
/// The longest time a container may take until it answers, in seconds.
const MAX_HEALTH_SECONDS: u32 = 600;

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
    /// The program that gets the command as its arguments; empty: that of the image.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entrypoint: Vec<String>,
    /// The command and its arguments; empty: those of the image.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// The folder in which it starts; absent: that of the image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub working_dir: Option<String>,
    /// The user, with a group after `:`; absent: that of the image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Variables of the environment. The flag is added to them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    /// Variables of the environment that hold a secret, by the secret's name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, String>,
    /// The ports that players reach.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<PortSpec>,
    /// What it may use.
    #[serde(default)]
    pub limits: Limits,
    /// The capabilities that it has, besides none.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Capability>))]
    pub capabilities: BTreeSet<Capability>,
    /// Whether programs may gain privileges by the set-user-id bit, which is what some challenges are about.
    #[serde(default)]
    pub privilege_escalation: bool,
    /// Whether its root file system is read-only; `/tmp` is writable all the same.
    #[serde(default)]
    pub read_only: bool,
    /// Folders that are writable and in memory, besides `/tmp`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tmpfs: Vec<Tmpfs>,
    /// When it counts as started, and as alive; absent: as long as its first process runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<HealthCheck>,
}

/// A folder in memory. What is in it counts as the container's memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Tmpfs {
    /// The folder.
    #[cfg_attr(feature = "openapi", schema(pattern = "^/[^,:]+$", max_length = 4095))]
    pub path: String,
    /// Its size in MiB.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1024))]
    pub size_mib: u32,
}

/// A port of a container that answers when it is well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct HealthCheck {
    /// The port, of TCP. Players need not reach it.
    pub port: Port,
    /// The path of a page that is asked for, with an answer below 400; absent: a connection is enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(pattern = "^/[!-~]*$", max_length = 1000))]
    pub path: Option<String>,
    /// Seconds in which it has to answer after its start.
    #[serde(default = "default_start_seconds")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 600))]
    pub start_seconds: u32,
}

fn default_start_seconds() -> u32 {
    60
}

impl ContainerSpec {
    /// Returns the only container of an instance, with this image and these ports, and nothing beyond that.
    #[must_use]
    pub fn of_image(image: String, ports: Vec<PortSpec>) -> Self {
        Self {
            name: ContainerName::sole(),
            image,
            entrypoint: Vec::new(),
            command: Vec::new(),
            working_dir: None,
            user: None,
            environment: BTreeMap::new(),
            secrets: BTreeMap::new(),
            ports,
            limits: Limits::default(),
            capabilities: BTreeSet::new(),
            privilege_escalation: false,
            read_only: false,
            tmpfs: Vec::new(),
            health: None,
        }
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let is_plain = |c: char| c.is_ascii_graphic();
        if self.image.is_empty() || self.image.len() > 255 || !self.image.chars().all(is_plain) {
            return Err(format!("image: {:?} is no name of an image", self.image));
        }
        let is_user = |text: &String| (1..=255).contains(&text.len()) && text.chars().all(is_plain);
        if let Some(user) = self.user.as_ref().filter(|user| !is_user(user)) {
            return Err(format!("user: {user:?} is no user"));
        }
        if let Some(path) = self.working_dir.as_ref().filter(|path| !is_path(path)) {
            return Err(format!("working_dir: {path:?} is no absolute path"));
        }
        self.check_ports()?;
        self.check_environment()?;
        let is_word = |word: &String| !word.contains('\0') && word.len() <= MAX_VARIABLE;
        for (what, words) in [("entrypoint", &self.entrypoint), ("command", &self.command)] {
            if !words.iter().all(is_word) {
                return Err(format!("{what}: a word with a zero byte, or too long"));
            }
        }
        self.check_tmpfs()?;
        self.health.as_ref().map_or(Ok(()), HealthCheck::check)?;
        self.limits.check()
    }

    fn check_ports(&self) -> Result<(), String> {
        let (mut ports, mut names) = (BTreeSet::new(), BTreeSet::new());
        if let Some(twice) = self.ports.iter().find(|it| !ports.insert(it.port)) {
            return Err(format!("ports: {} is given twice", twice.port));
        }
        let twice = self.ports.iter().filter_map(|it| it.name.as_ref()).find(|name| !names.insert(*name));
        twice.map_or(Ok(()), |name| Err(format!("ports: two are called {}", name.as_str())))
    }

    fn check_environment(&self) -> Result<(), String> {
        if self.environment.len() + self.secrets.len() > MAX_VARIABLES {
            return Err(format!("environment: more than {MAX_VARIABLES} variables, with those of secrets"));
        }
        for (name, value) in self.environment.iter().chain(&self.secrets) {
            if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
                return Err(format!("environment: {name:?} is no name of a variable, or its value has a zero byte"));
            }
            if name.len() + value.len() > MAX_VARIABLE {
                return Err(format!("environment: {name} has more than {MAX_VARIABLE} bytes"));
            }
        }
        match self.secrets.keys().find(|name| self.environment.contains_key(*name)) {
            Some(twice) => Err(format!("secrets: {twice} is a variable of the environment already")),
            None => Ok(()),
        }
    }

    fn check_tmpfs(&self) -> Result<(), String> {
        if self.tmpfs.len() > MAX_TMPFS {
            return Err(format!("tmpfs: more than {MAX_TMPFS}"));
        }
        let mut paths = BTreeSet::from(["/tmp"]);
        for Tmpfs { path, size_mib } in &self.tmpfs {
            // Engines separate options by both.
            if !is_path(path) || path.contains([',', ':']) || path == "/" {
                return Err(format!("tmpfs: {path:?} is no absolute path of a folder"));
            }
            if !paths.insert(path) {
                return Err(format!("tmpfs: {path} is there already"));
            }
            if !(1..=1024).contains(size_mib) {
                return Err(format!("tmpfs: {path}: size_mib: {size_mib}, not from 1 to 1024"));
            }
        }
        Ok(())
    }
}

impl HealthCheck {
    fn check(&self) -> Result<(), String> {
        if self.port.transport != Transport::Tcp {
            return Err(format!("health: {} is not of TCP, and cannot be asked", self.port));
        }
        let is_path =
            |path: &String| path.starts_with('/') && path.len() <= 1000 && path.chars().all(|c| c.is_ascii_graphic());
        if let Some(path) = self.path.as_ref().filter(|path| !is_path(path)) {
            return Err(format!("health: path: {path:?} does not begin with '/', or has other letters than a URL has"));
        }
        if !(1..=MAX_HEALTH_SECONDS).contains(&self.start_seconds) {
            return Err(format!("health: start_seconds: {}, not from 1 to {MAX_HEALTH_SECONDS}", self.start_seconds));
        }
        Ok(())
    }
}

fn is_path(path: &str) -> bool {
    path.starts_with('/') && path.len() <= MAX_PATH && !path.contains(|c: char| c.is_control())
}
