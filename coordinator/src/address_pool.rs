//! The addresses that a load balancer gives to slots.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::str::FromStr;

/// Addresses of a pool, at most: one for each team that a challenge may have.
const MAX_ADDRESSES: u32 = 65_536;

/// A range of addresses, both ends included, such as `192.168.250.100-192.168.250.130`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressPool {
    first: u32,
    last: u32,
}

/// Why a pool cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a range of up to 65536 IPv4 addresses, such as 192.168.250.100-192.168.250.130")]
pub struct ParsePoolError(String);

impl FromStr for AddressPool {
    type Err = ParsePoolError;

    fn from_str(text: &str) -> Result<Self, ParsePoolError> {
        let address = |text: &str| text.trim().parse::<Ipv4Addr>().ok().map(u32::from);
        let ends = text.split_once('-').and_then(|(first, last)| Some((address(first)?, address(last)?)));
        let is_range = |(first, last): &(u32, u32)| last.checked_sub(*first).is_some_and(|more| more < MAX_ADDRESSES);
        let (first, last) = ends.filter(is_range).ok_or_else(|| ParsePoolError(text.to_owned()))?;
        Ok(Self { first, last })
    }
}

impl AddressPool {
    /// Returns how many of its addresses are not taken.
    #[must_use]
    pub fn free(&self, taken: &BTreeSet<Ipv4Addr>) -> usize {
        self.all().filter(|address| !taken.contains(address)).count()
    }

    /// Returns the address of a team: that of its number in the pool if it is free, so that `team-001` has the second
    /// address; else the lowest that is free, with the first one last. `None` if all are taken.
    #[must_use]
    pub fn pick(&self, team: u32, taken: &BTreeSet<Ipv4Addr>) -> Option<Ipv4Addr> {
        let own = self.first.checked_add(team).filter(|address| *address <= self.last).map(Ipv4Addr::from);
        let others = self.all().skip(1).chain(self.all().take(1));
        own.into_iter().chain(others).find(|address| !taken.contains(address))
    }

    fn all(&self) -> impl Iterator<Item = Ipv4Addr> {
        (self.first..=self.last).map(Ipv4Addr::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_team_has_the_second_address_and_all_31_are_used() {
        let pool: AddressPool = "192.168.250.100-192.168.250.130".parse().unwrap();
        let mut taken = BTreeSet::new();
        let mut last = Vec::new();
        for team in 1..=31 {
            let address = pool.pick(team, &taken).unwrap();
            assert!(taken.insert(address));
            last.push(address.octets()[3]);
        }
        assert_eq!((last[0], last[29], last[30]), (101, 130, 100));
        assert_eq!((pool.pick(32, &taken), pool.free(&taken)), (None, 0));
        taken.remove(&Ipv4Addr::new(192, 168, 250, 117));
        assert_eq!(pool.pick(1, &taken), Some(Ipv4Addr::new(192, 168, 250, 117)), "whichever is free");
    }

    #[test]
    fn what_is_no_pool_is_named() {
        for text in ["", "192.168.250.100", "10.0.0.9-10.0.0.1", "10.0.0.1-10.0.0", "0.0.0.0-255.255.255.255", "a-b"] {
            let error = text.parse::<AddressPool>().unwrap_err().to_string();
            assert!(error.contains(&format!("{text:?}")), "{error}");
        }
        assert!("10.0.0.1-10.0.0.1".parse::<AddressPool>().is_ok());
    }
}
