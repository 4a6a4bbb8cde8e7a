//! The networks of instances. An engine's own pools are exhausted by 31 networks, so that the runner numbers them itself.

use parking_lot::Mutex;
use std::collections::HashSet;
use std::net::Ipv4Addr;

/// The first two bytes of all addresses: within 10.0.0.0/8, away from the engines' own pools (172.17.0.0/12, 10.88.0.0/16).
const PREFIX: &str = "10.203";
/// Networks of 32 addresses: an instance has up to 16 containers, and its bridge has one.
const COUNT: u16 = 2048;
const BITS: u32 = 27;
/// The networks that differ in the last byte.
pub(super) const IN_A_BYTE: u16 = 8;
pub(super) const SIZE: u16 = 32;

/// The numbers in use.
#[derive(Debug, Default)]
pub(super) struct Subnets(Mutex<HashSet<u16>>);

impl Subnets {
    /// Takes the lowest free number without a bridge on this host. What an engine has left behind on a bridge, which it
    /// would use again, answers with the addresses of new containers.
    pub(super) fn take(&self, bridges: &HashSet<u16>) -> Option<u16> {
        let mut used = self.0.lock();
        let free = (0..COUNT).find(|number| !used.contains(number) && !bridges.contains(number))?;
        used.insert(free);
        Some(free)
    }

    /// Records a network that was found.
    pub(super) fn note(&self, cidr: &str) {
        if let Some(number) = number(cidr) {
            self.0.lock().insert(number);
        }
    }

    /// Gives a number back.
    pub(super) fn free(&self, number: u16) {
        self.0.lock().remove(&number);
    }
}

/// Returns the network with this number.
pub(super) fn cidr(number: u16) -> String {
    format!("{PREFIX}.{}.{}/{BITS}", number / IN_A_BYTE, number % IN_A_BYTE * SIZE)
}

/// Returns the address of the container at this position. The first one of the network is the bridge's. `None` if the
/// network is too small.
pub(super) fn address(number: u16, position: usize) -> Option<Ipv4Addr> {
    let last = u16::try_from(position).ok()?.checked_add(2).filter(|last| *last < SIZE - 1)?;
    format!("{PREFIX}.{}.{}", number / IN_A_BYTE, number % IN_A_BYTE * SIZE + last).parse().ok()
}

/// Returns the number of a network; `None` if it is none of these.
pub(super) fn number(cidr: &str) -> Option<u16> {
    let rest = cidr.strip_prefix(PREFIX)?.strip_prefix('.')?.strip_suffix(&format!("/{BITS}"))?;
    let (high, low) = rest.split_once('.')?;
    let (high, low): (u16, u16) = (high.parse().ok()?, low.parse().ok()?);
    (high < 256 && low < 256 && low % SIZE == 0).then_some(high * IN_A_BYTE + low / SIZE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use challengectl_common::instance::MAX_CONTAINERS;

    #[test]
    fn every_number_is_read_back_from_its_network() {
        assert_eq!(cidr(0), "10.203.0.0/27");
        assert_eq!(cidr(9), "10.203.1.32/27");
        assert!((0..COUNT).all(|number| super::number(&cidr(number)) == Some(number)));
        for other in ["10.203.0.1/27", "10.203.0.0/24", "172.17.0.0/16", ""] {
            assert_eq!(number(other), None, "{other}");
        }
    }

    #[test]
    fn every_container_of_an_instance_has_an_address() {
        assert_eq!(address(9, 0), Some(Ipv4Addr::new(10, 203, 1, 34)));
        assert_eq!(address(2047, MAX_CONTAINERS - 1), Some(Ipv4Addr::new(10, 203, 255, 241)));
        assert_eq!(address(0, 29), None, "the last one is the broadcast's");
    }

    #[test]
    fn a_network_is_taken_by_one_and_free_again_when_it_is_gone() {
        let subnets = Subnets::default();
        subnets.note("10.203.0.0/27");
        let (none, left) = (HashSet::new(), HashSet::from([1, 3]));
        assert_eq!((subnets.take(&none), subnets.take(&left)), (Some(1), Some(2)));
        subnets.free(1);
        assert_eq!((subnets.take(&left), subnets.take(&none)), (Some(4), Some(1)));
    }
}
