//! Limits on attempts.
//!
//! - An address may send a few failing requests to each step of a login; a whole IPv6 site may send some more, and
//!   players, who share the address of a venue, many more.
//! - An account takes a few wrong guesses from unknown browsers (those that were never logged in to it), from any
//!   address; then it takes none from unknown browsers for a while.
//! - A known browser (one that was logged in to the account before) has counts of its own. So guesses from the same
//!   address or at the same account do not lock out the account's owner.

use crate::CoreError;
use crate::clock::Moment;
use crate::network::{site, subnet};
use challengectl_common::{Digest, ProvisioningKeyId};
use parking_lot::{Mutex, MutexGuard};
use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

/// The time for which a wrong guess counts.
const WINDOW: Duration = Duration::from_secs(15 * 60);
/// How long a request waits for attempts that are in progress: comparing a password takes a fraction of it.
const IN_PROGRESS_WAIT: Duration = Duration::from_secs(1);
/// Counts in memory; each takes about 100 bytes, 5 MB in all.
const MAX_COUNTS: usize = 50_000;

/// The attempts that are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Key {
    /// Requests of an address.
    Address(Step, IpAddr),
    /// Requests of all networks of a site.
    Site(Step, IpAddr),
    /// Requests of a known browser.
    KnownBrowser(Step, Digest),
    /// Guesses at an account by unknown browsers; also for names that no account has.
    Guesses(Digest),
    /// Guesses at an account that deploys, from one network: somebody else's from afar do not lock it.
    GuessesFrom(Digest, IpAddr),
    /// The same at a player; apart, since an address may make more of them, and would lock out an operator of that name.
    PlayGuesses(Digest),
    /// Guesses by a known browser.
    KnownGuesses(Digest),
    /// Guesses at the password or code of an account, by a client that is logged in to it.
    Current(i64),
    /// Tokens requested with a provisioning key.
    Provisioning(ProvisioningKeyId),
}

/// A step of logging in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// The password.
    Login,
    /// The code.
    VerifyTotp,
    /// The first account.
    Setup,
    /// The password of a player.
    Play,
    /// The password, with the code, of an account that deploys.
    Deploy,
}

impl Key {
    /// Returns the key of an address; IPv6 addresses of one network share a key.
    pub fn network(step: Step, address: Option<IpAddr>) -> Self {
        Self::Address(step, address.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), subnet))
    }

    /// Returns the key of an address, and that of its site if it is IPv6.
    pub fn address(step: Step, address: Option<IpAddr>) -> Vec<Self> {
        let site = address.map(site).filter(IpAddr::is_ipv6).map(|site| Self::Site(step, site));
        [Self::network(step, address)].into_iter().chain(site).collect()
    }

    fn limit(&self) -> usize {
        match self {
            // More than a venue has hosts, and few enough that a stolen key is noticed before it fills the database.
            Self::Provisioning(_) => 100,
            // Four networks: a household has one or two; a client with thousands gets no more.
            Self::Site(Step::Setup, _) => 80,
            // A whole venue may play from behind one address: with 1,000 players some mistype their password. Beside it
            // each name has its own count.
            Self::Address(Step::Play, _) => 300,
            Self::Site(Step::Play, _) => 1_200,
            // Scripts of a team of organisers.
            Self::Address(Step::Deploy, _) => 60,
            Self::Site(Step::Deploy, _) => 240,
            Self::Address(Step::Setup, _) | Self::Site(..) => 20,
            Self::GuessesFrom(..) => 5,
            Self::Guesses(_) | Self::PlayGuesses(_) | Self::KnownGuesses(_) => 10,
            Self::Address(..) | Self::KnownBrowser(..) | Self::Current(_) => 5,
        }
    }
}

/// A counted attempt. It is taken back when it is dropped, unless it was kept: a client that disconnects before the
/// answer has not guessed wrong.
#[derive(Debug)]
pub struct Counted {
    keys: Vec<Key>,
    at: Moment,
    counts: Counts,
}

/// One attempt: when, and whether it was a wrong guess. An attempt in progress counts until it ends.
type Attempt = (Moment, bool);
type Counts = Arc<Mutex<HashMap<Key, VecDeque<Attempt>>>>;

/// The counts of attempts.
#[derive(Debug, Default)]
pub struct Throttle(Counts);

impl Throttle {
    /// Counts one attempt for each of the keys; if one of them has to wait, returns for how long, and counts nothing.
    pub fn admit(&self, keys: Vec<Key>, now: Moment) -> Result<Counted, Duration> {
        let mut counts = lock(&self.0);
        make_room(&mut counts, now);
        let wait = keys.iter().filter_map(|key| wait(&mut counts, key, now)).max();
        if let Some(wait) = wait {
            return Err(wait);
        }
        for key in &keys {
            counts.entry(key.clone()).or_default().push_back((now, false));
        }
        Ok(Counted { keys, at: now, counts: Arc::clone(&self.0) })
    }

    /// Keeps the count if the outcome is a wrong guess. A success is none, and neither is a request that the server had
    /// no time for.
    pub fn settle<T>(&self, counted: Counted, outcome: Result<T, CoreError>) -> Result<T, CoreError> {
        if matches!(outcome, Err(CoreError::Credentials(_))) {
            counted.keep();
        }
        outcome
    }

    /// Copies the wrong guesses counted for `key` to `heir`, so that becoming a known browser resets no count.
    pub fn inherit(&self, key: &Key, heir: Key) {
        let mut counts = lock(&self.0);
        if let Some(times) = counts.get(key).cloned() {
            counts.insert(heir, times.into_iter().filter(|(_, wrong)| *wrong).collect());
        }
    }
}

impl Counted {
    /// Counts the attempt as a wrong guess.
    pub fn keep(mut self) {
        let mut counts = lock(&self.counts);
        for key in std::mem::take(&mut self.keys) {
            let tries = counts.get_mut(&key).into_iter().flatten();
            if let Some((_, wrong)) = tries.rev().find(|one| **one == (self.at, false)) {
                *wrong = true;
            }
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut counts = lock(&self.counts);
        for key in &self.keys {
            let Some(tries) = counts.get_mut(key) else { continue };
            if let Some(place) = tries.iter().rposition(|one| *one == (self.at, false)) {
                tries.remove(place);
            }
        }
    }
}

fn lock(counts: &Counts) -> MutexGuard<'_, HashMap<Key, VecDeque<Attempt>>> {
    counts.lock()
}

/// Returns how long a key has to wait; `None` if it need not.
fn wait(counts: &mut HashMap<Key, VecDeque<Attempt>>, key: &Key, now: Moment) -> Option<Duration> {
    let tries = counts.get_mut(key)?;
    tries.retain(|(at, wrong)| !wrong || at.after(WINDOW) > now);
    if tries.len() < key.limit() {
        return None;
    }
    let wrong = || tries.iter().filter(|(_, wrong)| *wrong);
    match wrong().next() {
        Some((first, _)) if wrong().count() >= key.limit() => Some(now.until(first.after(WINDOW))),
        _ => Some(IN_PROGRESS_WAIT),
    }
}

fn make_room(counts: &mut HashMap<Key, VecDeque<Attempt>>, now: Moment) {
    if counts.len() < MAX_COUNTS {
        return;
    }
    counts.retain(|_, times| times.back().is_some_and(|(at, _)| at.after(WINDOW) > now));
    // A flood from many addresses: the counts of accounts matter more than those of addresses, and bounded memory most.
    if counts.len() >= MAX_COUNTS {
        counts.retain(|key, _| !matches!(key, Key::Address(..)));
    }
    if counts.len() >= MAX_COUNTS {
        counts.retain(|key, _| !matches!(key, Key::Site(..)));
    }
    if counts.len() >= MAX_COUNTS {
        counts.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Clock;
    use challengectl_common::Timestamp;

    fn key(address: &str) -> Vec<Key> {
        Key::address(Step::Login, Some(address.parse().unwrap()))
    }

    #[test]
    fn five_are_admitted_and_the_next_when_the_first_is_a_quarter_of_an_hour_old() {
        let (throttle, clock) = (Throttle::default(), Clock::manual(Timestamp::from_millis(0)));
        for _ in 0..5 {
            throttle.admit(key("192.0.2.1"), clock.instant()).map(Counted::keep).unwrap();
            clock.advance(Duration::from_secs(60));
        }
        let wait = throttle.admit(key("192.0.2.1"), clock.instant()).unwrap_err();
        assert_eq!(wait, Duration::from_secs(600));
        throttle.admit(key("192.0.2.2"), clock.instant()).map(Counted::keep).unwrap();
        clock.advance(wait);
        throttle.admit(key("192.0.2.1"), clock.instant()).map(Counted::keep).unwrap();
        assert!(throttle.admit(key("192.0.2.1"), clock.instant()).is_err());
    }

    #[test]
    fn no_network_and_no_site_can_use_its_many_addresses_of_ipv6() {
        let (throttle, clock) = (Throttle::default(), Clock::manual(Timestamp::from_millis(0)));
        let admitted = |address: String| throttle.admit(key(&address), clock.instant()).map(Counted::keep).is_ok();
        assert_eq!((0..100).filter(|n| admitted(format!("2001:db8::{n:x}"))).count(), 5);
        // The other 65,535 networks of the site together.
        assert_eq!((1..=0xffff).filter(|n| admitted(format!("2001:db8:0:{n:x}::1"))).count(), 15);
        assert!(admitted("2001:db8:1::1".to_owned()));
    }

    #[test]
    fn what_turned_out_well_and_what_the_server_had_no_time_for_is_not_counted() {
        let (throttle, clock) = (Throttle::default(), Clock::manual(Timestamp::from_millis(0)));
        let admit = || throttle.admit(key("192.0.2.1"), clock.instant());
        for _ in 0..20 {
            throttle.settle(admit().unwrap(), Ok(())).unwrap();
            clock.advance(Duration::from_secs(1));
            let busy = Err::<(), _>(CoreError::TooMany(Duration::from_secs(1)));
            throttle.settle(admit().unwrap(), busy).unwrap_err();
        }
        for _ in 0..5 {
            throttle.settle(admit().unwrap(), Err::<(), _>(CoreError::Credentials("wrong"))).unwrap_err();
        }
        assert!(admit().is_err());
    }

    #[test]
    fn tries_under_way_make_others_wait_a_moment_and_those_given_up_are_not_counted() {
        let (throttle, clock) = (Throttle::default(), Clock::manual(Timestamp::from_millis(0)));
        let admit = || throttle.admit(key("192.0.2.1"), clock.instant());
        let under_way: Vec<_> = (0..5).map(|_| admit().unwrap()).collect();
        assert_eq!(admit().unwrap_err(), IN_PROGRESS_WAIT);
        drop(under_way);
        for _ in 0..5 {
            admit().unwrap().keep();
        }
        assert_eq!(admit().unwrap_err(), WINDOW);
    }

    #[test]
    fn memory_is_bounded() {
        let (throttle, clock) = (Throttle::default(), Clock::manual(Timestamp::from_millis(0)));
        let most = u32::try_from(MAX_COUNTS).unwrap();
        for n in 0..most + 10 {
            throttle
                .admit(Key::address(Step::Login, Some(IpAddr::from(n.to_be_bytes()))), clock.instant())
                .map(Counted::keep)
                .unwrap();
        }
        assert!(lock(&throttle.0).len() < MAX_COUNTS);
        for n in 0..most + 10 {
            throttle
                .admit(vec![Key::Guesses(Digest::of(&n.to_be_bytes()))], clock.instant())
                .map(Counted::keep)
                .unwrap();
        }
        assert!(lock(&throttle.0).len() < MAX_COUNTS);
    }
}
