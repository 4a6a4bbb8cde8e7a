//! Rate limits, so that a client in a loop, or a flood, does not affect others. Normal use never reaches them, even
//! with a whole venue behind one address.

use super::Problem;
use challengectl_common::RunnerId;
use challengectl_coordinator::network::site;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};
use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;

/// The limit of an address for requests without credentials: thousands of players open the public page at once, and
/// each then asks every few seconds.
const PER_ADDRESS: Rate = Rate { per_second: 500, burst: 10_000 };
/// The limit of a runner. One with 64 radios sends a few requests per second.
const PER_RUNNER: Rate = Rate { per_second: 200, burst: 5_000 };
/// The limit of a player, with all programs that have a token of theirs.
const PER_PLAYER: Rate = Rate { per_second: 50, burst: 500 };
/// The limit of an address for registrations: a venue of 1,000 players may register at once, and some of them three times,
/// with another name or after a wrong code.
const REGISTRATIONS: Rate = Rate { per_second: 1, burst: 3_000 };
/// The limit of an address for refused requests that are recorded in the audit log: a program that tries all operations of
/// the API is recorded as a whole, and a flood does not fill the database.
const RECORDED_REFUSALS: Rate = Rate { per_second: 1, burst: 200 };
/// The number of clients above which idle ones are forgotten; each takes about 100 bytes.
const MAX_CLIENTS: usize = 20_000;

#[derive(Clone, Copy)]
struct Rate {
    per_second: u32,
    burst: u32,
}

/// The counts of all clients.
#[derive(Debug)]
pub struct RateLimits {
    addresses: DefaultKeyedRateLimiter<IpAddr>,
    runners: DefaultKeyedRateLimiter<RunnerId>,
    players: DefaultKeyedRateLimiter<i64>,
    registrations: DefaultKeyedRateLimiter<IpAddr>,
    recorded_refusals: DefaultKeyedRateLimiter<Option<IpAddr>>,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self {
            addresses: limiter(PER_ADDRESS),
            runners: limiter(PER_RUNNER),
            players: limiter(PER_PLAYER),
            registrations: limiter(REGISTRATIONS),
            recorded_refusals: limiter(RECORDED_REFUSALS),
        }
    }
}

impl RateLimits {
    /// Counts a request of a runner.
    pub fn count_runner(&self, id: &RunnerId) -> Result<(), Problem> {
        count(&self.runners, id)
    }

    /// Counts a request of a player, by the id of the account.
    pub fn count_player(&self, account: i64) -> Result<(), Problem> {
        count(&self.players, &account)
    }

    /// Counts a registration from an address.
    pub fn count_registration(&self, address: IpAddr) -> Result<(), Problem> {
        count(&self.registrations, &site(address))
    }

    /// Returns whether another refused request of an address is recorded in the audit log.
    pub fn records_refusal(&self, address: Option<IpAddr>) -> bool {
        count(&self.recorded_refusals, &address.map(site)).is_ok()
    }

    /// Counts a request of an address.
    pub fn count_address(&self, address: IpAddr) -> Result<(), Problem> {
        count(&self.addresses, &site(address))
    }
}

fn limiter<K: Hash + Eq + Clone>(rate: Rate) -> DefaultKeyedRateLimiter<K> {
    let number = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
    DefaultKeyedRateLimiter::keyed(Quota::per_second(number(rate.per_second)).allow_burst(number(rate.burst)))
}

fn count<K: Hash + Eq + Clone>(limiter: &DefaultKeyedRateLimiter<K>, client: &K) -> Result<(), Problem> {
    if limiter.len() > MAX_CLIENTS {
        // Forgets clients that have recovered their full burst.
        limiter.retain_recent();
    }
    let counted = limiter.check_key(client);
    counted.map_err(|until| Problem::too_many(until.wait_time_from(DefaultClock::default().now())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_floods_is_slowed_down_and_no_other_is() {
        let (rate_limits, roof, cellar) =
            (RateLimits::default(), RunnerId::new("roof").unwrap(), RunnerId::new("cellar").unwrap());
        let taken = (0..2 * PER_RUNNER.burst).filter(|_| rate_limits.count_runner(&roof).is_ok()).count();
        assert!(taken >= PER_RUNNER.burst as usize && taken < 2 * PER_RUNNER.burst as usize, "{taken}");
        assert!(rate_limits.count_runner(&cellar).is_ok());
    }

    #[test]
    fn a_venue_registers_at_once_and_a_flood_does_not() {
        let (rate_limits, venue) = (RateLimits::default(), "192.0.2.1".parse().unwrap());
        let taken = (0..2 * REGISTRATIONS.burst).filter(|_| rate_limits.count_registration(venue).is_ok()).count();
        assert!(taken >= REGISTRATIONS.burst as usize && taken < 2 * REGISTRATIONS.burst as usize, "{taken}");
        let requests = (0..2 * PER_PLAYER.burst).filter(|_| rate_limits.count_player(1).is_ok()).count();
        assert!(requests < 2 * PER_PLAYER.burst as usize && rate_limits.count_player(2).is_ok());
    }

    #[test]
    fn all_addresses_of_a_site_count_together() {
        let rate_limits = RateLimits::default();
        let address = |n: u32| format!("2001:db8:0:{:x}::{n:x}", n % 0x1_0000).parse().unwrap();
        assert!((0..2 * PER_ADDRESS.burst).any(|n| rate_limits.count_address(address(n)).is_err()));
        assert!(rate_limits.count_address("2001:db8:1::1".parse().unwrap()).is_ok());
    }
}
