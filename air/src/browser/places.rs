//! How many there may be, in all and from one address.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

/// Hands out places as long as there are any.
#[derive(Clone)]
pub(super) struct Places {
    taken: Arc<Mutex<HashMap<IpAddr, usize>>>,
    max: usize,
    max_per_address: usize,
}

/// A place, until it is dropped.
pub(super) struct Place {
    taken: Arc<Mutex<HashMap<IpAddr, usize>>>,
    address: IpAddr,
}

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    InAll,
    FromAddress,
}

impl Places {
    pub(super) fn new(max: usize, max_per_address: usize) -> Self {
        Self { taken: Arc::default(), max, max_per_address }
    }

    pub(super) fn take(&self, address: IpAddr) -> Result<Place, Full> {
        let address = subscriber(address);
        let mut taken = self.taken.lock();
        if taken.values().sum::<usize>() >= self.max {
            return Err(Full::InAll);
        }
        let from_address = taken.entry(address).or_default();
        if *from_address >= self.max_per_address {
            return Err(Full::FromAddress);
        }
        *from_address += 1;
        Ok(Place { taken: Arc::clone(&self.taken), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.taken.lock();
        if let Some(count) = taken.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.address);
            }
        }
    }
}

/// Who has the address: of IPv6, one subscriber has a whole /64.
fn subscriber(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn places_end_in_all_and_for_each_address_and_come_back() {
        let places = Places::new(3, 2);
        let first = places.take(address("192.0.2.1")).ok();
        let _second = places.take(address("::ffff:192.0.2.1")).ok().unwrap();
        assert_eq!(places.take(address("192.0.2.1")).err(), Some(Full::FromAddress));
        let _third = places.take(address("2001:db8::1")).ok().unwrap();
        assert_eq!(places.take(address("192.0.2.9")).err(), Some(Full::InAll));
        drop(first);
        assert!(places.take(address("192.0.2.1")).is_ok());
    }

    #[test]
    fn a_subscriber_has_a_whole_64() {
        let places = Places::new(9, 1);
        let _first = places.take(address("2001:db8::1")).ok().unwrap();
        assert_eq!(places.take(address("2001:db8::2")).err(), Some(Full::FromAddress));
        assert!(places.take(address("2001:db8:0:1::1")).is_ok());
    }
}
