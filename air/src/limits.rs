//! Limits of receivers, and of connections.

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

/// Limits of all receivers together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Receivers in all.
    pub receivers: usize,
    /// Receivers of one address. A venue may be behind a single one.
    pub receivers_per_address: usize,
    /// Bytes per second to all receivers together. A rate whose transform takes longer counts for more.
    pub bytes_per_second: u64,
    /// Seconds without a command after which a receiver is closed; 0: never.
    pub idle_seconds: u64,
}

impl Default for Settings {
    fn default() -> Self {
        // A network of 1 Gbit/s carries so much. A program that was left running makes room after four hours.
        Self { receivers: 64, receivers_per_address: 16, bytes_per_second: 110_000_000, idle_seconds: 14_400 }
    }
}

/// Counts receivers, or other connections, against limits.
#[derive(Debug)]
pub struct Limits {
    settings: Settings,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    receivers: usize,
    by_address: HashMap<IpAddr, usize>,
    bytes_per_second: u64,
}

impl Limits {
    /// Creates limits of which nothing is taken yet.
    #[must_use]
    pub fn new(settings: Settings) -> Arc<Self> {
        Arc::new(Self { settings, taken: Mutex::default() })
    }

    /// Creates limits of connections alone: in all, and of one address.
    #[must_use]
    pub fn counting(receivers: usize, receivers_per_address: usize) -> Arc<Self> {
        Self::new(Settings { receivers, receivers_per_address, bytes_per_second: u64::MAX, idle_seconds: 0 })
    }

    /// Returns the limits.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Admits a connection of this address; `None` when a limit is reached.
    #[must_use]
    pub fn admit(self: &Arc<Self>, address: IpAddr) -> Option<Permit> {
        let address = address.to_canonical();
        let mut taken = self.taken.lock();
        let of_address = taken.by_address.get(&address).copied().unwrap_or(0);
        if taken.receivers >= self.settings.receivers || of_address >= self.settings.receivers_per_address {
            return None;
        }
        taken.receivers += 1;
        taken.by_address.insert(address, of_address + 1);
        Some(Permit { limits: Arc::clone(self), address, bytes_per_second: 0 })
    }
}

/// The place of one connection, given back when it is dropped.
#[derive(Debug)]
pub struct Permit {
    limits: Arc<Limits>,
    address: IpAddr,
    bytes_per_second: u64,
}

impl Permit {
    /// Takes so many bytes per second instead of those that it has. Returns false, and changes nothing, when the limit
    /// would be exceeded.
    pub fn take(&mut self, bytes_per_second: u64) -> bool {
        let mut taken = self.limits.taken.lock();
        let others = taken.bytes_per_second - self.bytes_per_second;
        if others.saturating_add(bytes_per_second) > self.limits.settings.bytes_per_second {
            return false;
        }
        taken.bytes_per_second = others + bytes_per_second;
        self.bytes_per_second = bytes_per_second;
        true
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut taken = self.limits.taken.lock();
        taken.receivers -= 1;
        taken.bytes_per_second -= self.bytes_per_second;
        if let Some(count) = taken.by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                taken.by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_hold_in_all_and_for_each_address_and_places_are_given_back() {
        let limits = Limits::counting(3, 2);
        let (one, two) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let first = limits.admit(one).unwrap();
        let _second = limits.admit(one).unwrap();
        assert!(limits.admit(one).is_none());
        let _third = limits.admit(two).unwrap();
        assert!(limits.admit(two).is_none());
        drop(first);
        assert!(limits.admit(two).is_some());
    }

    #[test]
    fn bandwidth_is_shared_and_given_back() {
        let limits = Limits::new(Settings { bytes_per_second: 10, ..Settings::default() });
        let address = IpAddr::from([10, 0, 0, 1]);
        let (mut one, mut two) = (limits.admit(address).unwrap(), limits.admit(address).unwrap());
        assert!(one.take(6) && !two.take(5) && two.take(4));
        assert!(!one.take(7) && one.take(1) && two.take(9));
        drop(two);
        assert!(one.take(10));
    }
}
