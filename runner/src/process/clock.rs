//! A clock that parent and child share.

use nix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A moment on the host's boot clock (`CLOCK_BOOTTIME`), in milliseconds. Unlike [`std::time::Instant`] it is valid in
/// other processes, so that a message that is read late does not extend a lease; and it runs while the host sleeps, as
/// the server's clock does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moment(u64);

impl Moment {
    /// Returns the current moment. If the clock fails, it is later than any deadline, so that no lease is valid.
    #[must_use]
    pub fn now() -> Self {
        clock_gettime(ClockId::CLOCK_BOOTTIME).map_or(Self(u64::MAX), |now| {
            let millis = Duration::from(now).as_millis();
            Self(u64::try_from(millis).unwrap_or(u64::MAX))
        })
    }

    /// Returns the time since this moment.
    #[must_use]
    pub fn elapsed(self) -> Duration {
        Duration::from_millis(Self::now().0.saturating_sub(self.0))
    }

    /// Returns the deadline `duration` after this moment.
    #[must_use]
    pub fn lasting(self, duration: Duration) -> Deadline {
        Deadline(self.0.saturating_add(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)))
    }
}

/// A moment by which something must have ended, such as a transmission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Deadline(u64);

impl Deadline {
    /// A deadline that is never reached, for transmissions without a lease.
    pub const NEVER: Self = Self(u64::MAX);

    /// Returns whether the deadline is reached.
    #[must_use]
    pub fn is_over(self) -> bool {
        Moment::now().0 >= self.0
    }

    /// Returns the time until the deadline.
    #[must_use]
    pub fn remaining(self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(Moment::now().0))
    }
}
