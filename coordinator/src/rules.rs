//! How the coordinator works, as the settings say.

use challengectl_common::FrequencyRules;
use challengectl_common::wire::Intervals;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How the coordinator works.
#[derive(Debug, Clone)]
pub struct Rules {
    /// How long a lease runs from its last renewal.
    pub lease: Duration,
    /// How long after that the server waits before it gives anything to others.
    pub grace: Duration,
    /// How often runners are to send heartbeats.
    pub heartbeat_interval: Duration,
    /// How often runners are to poll that do not wait.
    pub poll_interval: Duration,
    /// Hertz kept free between two signals.
    pub guard_hz: u64,
    /// Where signals may be sent at all.
    pub frequency_rules: FrequencyRules,
    /// How much of the past is kept.
    pub retention: Retention,
    /// What becomes of a runner's key on another machine.
    pub host_binding: HostBinding,
}

impl Rules {
    pub(crate) fn intervals(&self) -> Intervals {
        Intervals {
            heartbeat_interval: self.heartbeat_interval.as_secs_f64(),
            poll_interval: self.poll_interval.as_secs_f64(),
            lease_seconds: self.lease.as_secs_f64(),
        }
    }
}

/// How much of the past is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retention {
    /// Transmissions planned longer ago are forgotten.
    pub age: Option<Duration>,
    /// Transmissions beyond the latest so many are forgotten.
    pub count: Option<u64>,
    /// Files that no challenge has used for so long are removed.
    pub unused_files: Option<Duration>,
}

/// What becomes of a key that is shown from another machine than the one it was made for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HostBinding {
    /// It counts.
    Off,
    /// It counts, and operators are told once.
    #[default]
    Report,
    /// It does not count, and operators are told once.
    Require,
}
