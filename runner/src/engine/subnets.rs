//! The networks of instances. An engine's own pools are exhausted by 31 networks, so that the runner numbers them itself.

use parking_lot::Mutex;
use std::collections::HashSet;

/// The first two bytes of all addresses: within 10.0.0.0/8, away from the engines' own pools (172.17.0.0/12, 10.88.0.0/16).
const PREFIX: &str = "10.203";
/// Networks of 16 addresses.
const COUNT: u16 = 4096;

/// The numbers in use.
#[derive(Debug, Default)]
pub(super) struct Subnets(Mutex<HashSet<u16>>);

impl Subnets {
    /// Takes the lowest free number.
    pub(super) fn take(&self) -> Option<u16> {
        let mut used = self.0.lock();
        let free = (0..COUNT).find(|number| !used.contains(number))?;
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
    format!("{PREFIX}.{}.{}/28", number / 16, number % 16 * 16)
}

/// Returns the number of a network; `None` if it is none of these.
pub(super) fn number(cidr: &str) -> Option<u16> {
    let rest = cidr.strip_prefix(PREFIX)?.strip_prefix('.')?.strip_suffix("/28")?;
    let (high, low) = rest.split_once('.')?;
    let (high, low): (u16, u16) = (high.parse().ok()?, low.parse().ok()?);
    (high < 256 && low < 256 && low % 16 == 0).then_some(high * 16 + low / 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_read_back_from_its_network() {
        assert_eq!(cidr(0), "10.203.0.0/28");
        assert_eq!(cidr(17), "10.203.1.16/28");
        assert!((0..COUNT).all(|number| super::number(&cidr(number)) == Some(number)));
        for other in ["10.203.0.1/28", "10.203.0.0/24", "172.17.0.0/16", ""] {
            assert_eq!(number(other), None, "{other}");
        }
    }

    #[test]
    fn a_network_is_taken_by_one_and_free_again_when_it_is_gone() {
        let subnets = Subnets::default();
        subnets.note("10.203.0.0/28");
        assert_eq!((subnets.take(), subnets.take()), (Some(1), Some(2)));
        subnets.free(1);
        assert_eq!(subnets.take(), Some(1));
    }
}
