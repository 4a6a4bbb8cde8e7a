//! What a container may use, and do.

use serde::{Deserialize, Serialize};

/// The smallest memory limit in MiB: engines refuse less than 6.
pub const MIN_MEMORY_MIB: u32 = 6;

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

impl Limits {
    pub(super) fn check(&self) -> Result<(), String> {
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
