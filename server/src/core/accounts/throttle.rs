//! How often something may be tried.
//!
//! - An address may send a few requests to each step of a login, whatever they hold.
//! - An account takes a few wrong guesses from browsers that were never logged in to it, from wherever they come; then
//!   it takes none from such browsers for a while.
//! - A browser that was logged in to an account before has counts of its own. So who guesses, be it behind the same
//!   address or at the same account, does not lock out those who are known.

use crate::core::clock::Moment;
use crate::core::network::subscriber;
use challengectl_common::{Digest, ProvisioningKeyId};
use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

const WINDOW: Duration = Duration::from_secs(15 * 60);
/// Counts that are kept; each takes about 100 bytes.
const MOST: usize = 50_000;

/// What is counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Key {
    /// Requests of an address.
    Address(Step, IpAddr),
    /// Requests of a known browser.
    Device(Step, Digest),
    /// Guesses at an account by browsers it does not know. Also for names that nobody has.
    Guesses(Digest),
    /// Guesses by a known browser.
    KnownGuesses(Digest),
    /// Guesses at the own password or code by who is logged in.
    Current(i64),
    /// Runners asked for with a provisioning key.
    Provisioning(ProvisioningKeyId),
}

/// A step on the way in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// The password.
    Login,
    /// The code.
    VerifyTotp,
    /// The first account.
    Setup,
}

impl Key {
    pub fn address(step: Step, address: Option<IpAddr>) -> Self {
        Self::Address(step, address.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), subscriber))
    }

    fn limit(&self) -> usize {
        match self {
            // More than a venue has hosts, and few enough that a stolen key is noticed before it fills the database.
            Self::Provisioning(_) => 100,
            Self::Address(Step::Setup, _) => 20,
            Self::Guesses(_) | Self::KnownGuesses(_) => 10,
            Self::Address(..) | Self::Device(..) | Self::Current(_) => 5,
        }
    }
}

#[derive(Debug, Default)]
pub struct Throttle(Mutex<HashMap<Key, VecDeque<Moment>>>);

impl Throttle {
    /// Counts one; or tells how long to wait, and counts nothing.
    pub fn admit(&self, key: &Key, now: Moment) -> Result<(), Duration> {
        let mut counts = self.counts();
        make_room(&mut counts, now);
        let times = counts.entry(key.clone()).or_default();
        while times.front().is_some_and(|time| time.after(WINDOW) <= now) {
            times.pop_front();
        }
        match times.front() {
            Some(first) if times.len() >= key.limit() => Err(now.until(first.after(WINDOW))),
            _ => {
                times.push_back(now);
                Ok(())
            }
        }
    }

    /// Takes back one that was counted, since it turned out well.
    pub fn forgive(&self, key: &Key) {
        if let Some(times) = self.counts().get_mut(key) {
            times.pop_back();
        }
    }

    /// Lets `heir` begin with what `key` has counted, so that nothing is won by becoming known.
    pub fn inherit(&self, key: &Key, heir: Key) {
        let mut counts = self.counts();
        if let Some(times) = counts.get(key).cloned() {
            counts.insert(heir, times);
        }
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<Key, VecDeque<Moment>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn make_room(counts: &mut HashMap<Key, VecDeque<Moment>>, now: Moment) {
    if counts.len() < MOST {
        return;
    }
    counts.retain(|_, times| times.back().is_some_and(|time| time.after(WINDOW) > now));
    // A flood from everywhere: the counts of accounts matter more than those of addresses, and memory most.
    if counts.len() >= MOST {
        counts.retain(|key, _| !matches!(key, Key::Address(..)));
    }
    if counts.len() >= MOST {
        counts.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Clock;
    use challengectl_common::Timestamp;

    fn key(address: &str) -> Key {
        Key::address(Step::Login, Some(address.parse().unwrap()))
    }

    #[test]
    fn five_are_admitted_and_the_next_when_the_first_is_a_quarter_of_an_hour_old() {
        let (throttle, clock) = (Throttle::default(), Clock::manual(Timestamp::from_millis(0)));
        for _ in 0..5 {
            throttle.admit(&key("192.0.2.1"), clock.instant()).unwrap();
            clock.advance(Duration::from_secs(60));
        }
        let wait = throttle.admit(&key("192.0.2.1"), clock.instant()).unwrap_err();
        assert_eq!(wait, Duration::from_secs(600));
        throttle.admit(&key("192.0.2.2"), clock.instant()).unwrap();
        clock.advance(wait);
        throttle.admit(&key("192.0.2.1"), clock.instant()).unwrap();
        assert!(throttle.admit(&key("192.0.2.1"), clock.instant()).is_err());
    }

    #[test]
    fn one_subscriber_cannot_use_many_addresses_of_ipv6() {
        let (throttle, clock) = (Throttle::default(), Clock::manual(Timestamp::from_millis(0)));
        for n in 0..5 {
            throttle.admit(&key(&format!("2001:db8::{n}")), clock.instant()).unwrap();
        }
        assert!(throttle.admit(&key("2001:db8::ffff"), clock.instant()).is_err());
        throttle.admit(&key("2001:db8:0:1::1"), clock.instant()).unwrap();
    }

    #[test]
    fn memory_is_bounded() {
        let (throttle, clock) = (Throttle::default(), Clock::manual(Timestamp::from_millis(0)));
        let most = u32::try_from(MOST).unwrap();
        for n in 0..most + 10 {
            throttle.admit(&Key::address(Step::Login, Some(IpAddr::from(n.to_be_bytes()))), clock.instant()).unwrap();
        }
        assert!(throttle.counts().len() < MOST);
        for n in 0..most + 10 {
            throttle.admit(&Key::Guesses(Digest::of(&n.to_be_bytes())), clock.instant()).unwrap();
        }
        assert!(throttle.counts().len() < MOST);
    }
}
