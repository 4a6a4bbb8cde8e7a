//! The coordinator's rules, as the settings give them.

use crate::address_pool::AddressPool;
use challengectl_common::FrequencyRules;
use challengectl_common::wire::Intervals;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The coordinator's rules.
#[derive(Debug, Clone)]
pub struct Rules {
    /// How long a lease runs from its last renewal.
    pub lease: Duration,
    /// How long after the end of a lease the server waits before it gives challenge or frequency to others.
    pub grace: Duration,
    /// How often runners have to send heartbeats.
    pub heartbeat_interval: Duration,
    /// How often runners that do not use long polls have to poll.
    pub poll_interval: Duration,
    /// The guard: hertz kept free between the bands of two signals.
    pub guard_hz: u64,
    /// The band plan and the protected bands.
    pub frequency_rules: FrequencyRules,
    /// How long transmissions and files are kept.
    pub retention: Retention,
    /// Whether a runner key is valid on another machine.
    pub host_binding: HostBinding,
    /// The most live instances of a team or player, over all fronts.
    pub instances_per_owner: u32,
    /// How long a request waits for the instance that it starts. The start goes on after that.
    pub start_wait: Duration,
    /// The addresses that deployed instances get; `None`: the cluster chooses.
    pub pool: Option<AddressPool>,
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

/// How long transmissions and files are kept; `None`: for ever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retention {
    /// Transmissions that were planned longer ago are deleted.
    pub age: Option<Duration>,
    /// Transmissions beyond this number are deleted, the oldest first.
    pub count: Option<u64>,
    /// Files that no challenge has used for this time are deleted.
    pub unused_files: Option<Duration>,
}

/// Whether a runner key is valid on another machine than the one it was made for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HostBinding {
    /// It is valid.
    Off,
    /// It is valid, and an alarm is raised once.
    #[default]
    Report,
    /// It is invalid, and an alarm is raised once.
    Require,
}
