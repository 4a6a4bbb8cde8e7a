//! Permits for connections: limits of all connections, and of those of one address.

use challengectl_coordinator::network::site;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A pool of permits. An address gets another permit while it holds fewer than are free: a single address can hold half
/// of all, enough for a venue behind one address, and the next address always finds free ones.
#[derive(Debug)]
pub struct Permits {
    all: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    count: usize,
    by_address: HashMap<Option<IpAddr>, usize>,
}

/// The right to one connection, kept with the connection's first request.
#[derive(Debug, Clone)]
pub struct Permit {
    _held: Arc<Held>,
}

#[derive(Debug)]
struct Held {
    permits: Arc<Permits>,
    address: Option<IpAddr>,
}

impl Permits {
    pub fn new(all: usize) -> Arc<Self> {
        Arc::new(Self { all, taken: Mutex::default() })
    }

    /// Returns a permit for one more connection of this address; `None` if it has its share.
    pub fn take(self: &Arc<Self>, address: Option<IpAddr>) -> Option<Permit> {
        let address = address.map(site);
        let mut taken = self.taken();
        let (free, own) = (self.all.saturating_sub(taken.count), taken.by_address.get(&address).copied().unwrap_or(0));
        if own >= free {
            return None;
        }
        taken.count += 1;
        taken.by_address.insert(address, own + 1);
        Some(Permit { _held: Arc::new(Held { permits: Arc::clone(self), address }) })
    }

    fn give_back(&self, address: Option<IpAddr>) {
        let mut taken = self.taken();
        taken.count = taken.count.saturating_sub(1);
        if let Some(own) = taken.by_address.get_mut(&address) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                taken.by_address.remove(&address);
            }
        }
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.permits.give_back(self.address);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn one_address_takes_half_of_the_permits_and_the_next_still_finds_some() {
        let permits = Permits::new(1000);
        let take = |text: &str| std::iter::from_fn(|| permits.take(address(text))).collect::<Vec<_>>();
        let mut held = take("192.0.2.1");
        let others = take("192.0.2.2");
        assert_eq!((held.len(), others.len()), (500, 250));
        assert!(permits.take(address("192.0.2.1")).is_none());
        // Returned permits are free for others.
        held.truncate(100);
        assert_eq!(take("192.0.2.3").len(), 325);
        drop((held, others));
        assert!(permits.taken().by_address.is_empty());
    }

    #[test]
    fn a_site_of_ipv6_is_one_address() {
        let permits = Permits::new(1000);
        let held: Vec<_> = (0..1000).filter_map(|n| permits.take(address(&format!("2001:db8:0:{n:x}::1")))).collect();
        assert_eq!(held.len(), 500);
        assert!(permits.take(address("2001:db8:1::1")).is_some());
    }
}
