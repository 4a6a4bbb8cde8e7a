//! Due times: when a challenge is due again.

use challengectl_common::Timestamp;
use rand::{Rng, RngExt};
use std::time::Duration;

/// The pause after a first failure.
const FIRST_RETRY_MS: i64 = 5_000;

/// Draws a random due time between the shortest and the longest pause from now.
pub fn after_success<R: Rng>(now: Timestamp, min_delay_ms: i64, max_delay_ms: i64, rng: &mut R) -> Timestamp {
    let shortest = min_delay_ms.max(0);
    later(now, rng.random_range(shortest..=max_delay_ms.max(shortest)))
}

/// Returns the due time after a failure: five seconds from now, doubled with each failure in a row, at most the longest
/// pause. `failures` counts the failures before this one.
#[must_use]
pub fn after_failure(now: Timestamp, max_delay_ms: i64, failures: u32) -> Timestamp {
    let doubled = FIRST_RETRY_MS.saturating_mul(1_i64.checked_shl(failures.min(40)).unwrap_or(i64::MAX));
    later(now, doubled.min(max_delay_ms.max(0)))
}

fn later(now: Timestamp, millis: i64) -> Timestamp {
    now.after(Duration::from_millis(u64::try_from(millis).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);

    fn pause(due: Timestamp) -> u128 {
        due.since(NOW).as_millis()
    }

    #[test]
    fn after_success_every_pause_within_the_limits_comes_up() {
        let mut rng = rand::rng();
        let mut seen = [false; 3];
        for _ in 0..200 {
            let pause = pause(after_success(NOW, 7, 9, &mut rng));
            seen[usize::try_from(pause).unwrap() - 7] = true;
        }
        assert_eq!(seen, [true; 3]);
    }

    #[test]
    fn failures_in_a_row_double_the_pause_up_to_the_longest() {
        let pauses: Vec<_> = (0..6).map(|failures| pause(after_failure(NOW, 60_000, failures))).collect();
        assert_eq!(pauses, [5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
        assert_eq!(pause(after_failure(NOW, 60_000, u32::MAX)), 60_000);
        assert_eq!(pause(after_failure(NOW, 1_000, 0)), 1_000);
    }
}
