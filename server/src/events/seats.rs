//! How many sessions there may be at once, and who may have how many of them.

use challengectl_coordinator::network::site;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Seats for sessions. An address may have as many as it leaves free for others: one alone half of all, and whoever
/// comes later always finds some, however many a flood has taken. So a whole venue may sit behind one address.
#[derive(Debug)]
pub struct Seats {
    all: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    count: usize,
    by_address: HashMap<Option<IpAddr>, usize>,
}

/// The right to one session, kept with the session's first request.
#[derive(Debug, Clone)]
pub struct Seat {
    _held: Arc<Held>,
}

#[derive(Debug)]
struct Held {
    seats: Arc<Seats>,
    address: Option<IpAddr>,
}

impl Seats {
    pub fn new(all: usize) -> Arc<Self> {
        Arc::new(Self { all, taken: Mutex::default() })
    }

    /// A seat for one more session of this address, unless it has its share.
    pub fn take(self: &Arc<Self>, address: Option<IpAddr>) -> Option<Seat> {
        let address = address.map(site);
        let mut taken = self.taken();
        let (free, own) = (self.all.saturating_sub(taken.count), taken.by_address.get(&address).copied().unwrap_or(0));
        if own >= free {
            return None;
        }
        taken.count += 1;
        taken.by_address.insert(address, own + 1);
        Some(Seat { _held: Arc::new(Held { seats: Arc::clone(self), address }) })
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
        self.seats.give_back(self.address);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn one_address_takes_half_of_the_seats_and_the_next_still_finds_some() {
        let seats = Seats::new(1000);
        let take = |text: &str| std::iter::from_fn(|| seats.take(address(text))).collect::<Vec<_>>();
        let mut held = take("192.0.2.1");
        let others = take("192.0.2.2");
        assert_eq!((held.len(), others.len()), (500, 250));
        assert!(seats.take(address("192.0.2.1")).is_none());
        // What is given back is there for others.
        held.truncate(100);
        assert_eq!(take("192.0.2.3").len(), 325);
        drop((held, others));
        assert!(seats.taken().by_address.is_empty());
    }

    #[test]
    fn a_site_of_ipv6_is_one_address() {
        let seats = Seats::new(1000);
        let held: Vec<_> = (0..1000).filter_map(|n| seats.take(address(&format!("2001:db8:0:{n:x}::1")))).collect();
        assert_eq!(held.len(), 500);
        assert!(seats.take(address("2001:db8:1::1")).is_some());
    }
}
