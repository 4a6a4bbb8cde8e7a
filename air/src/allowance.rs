//! How often something may happen.

use std::time::Duration;
use tokio::time::Instant;

/// Lets some events happen at once, and then one in each interval.
#[derive(Debug)]
pub(crate) struct Allowance {
    interval: Duration,
    burst: Duration,
    /// When all events so far are paid for.
    paid: Option<Instant>,
}

impl Allowance {
    /// Allows `burst` events at once, and one in each `interval` in the long run.
    pub(crate) fn new(interval: Duration, burst: u32) -> Self {
        Self { interval, burst: interval * burst, paid: None }
    }

    /// Counts an event.
    pub(crate) fn spend(&mut self, now: Instant) {
        self.paid = Some(self.paid.map_or(now, |paid| paid.max(now)) + self.interval);
    }

    /// Returns when the next event may happen; `None` if it may now.
    pub(crate) fn next(&self, now: Instant) -> Option<Instant> {
        let at = self.paid? + self.interval;
        at.checked_sub(self.burst).filter(|at| *at > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_burst_is_allowed_at_once_and_then_one_event_in_each_interval() {
        let now = Instant::now();
        let mut allowance = Allowance::new(SECOND, 3);
        for _ in 0..3 {
            assert_eq!(allowance.next(now), None);
            allowance.spend(now);
        }
        assert_eq!(allowance.next(now), Some(now + SECOND));
        assert_eq!(allowance.next(now + SECOND), None);
        allowance.spend(now + SECOND);
        assert_eq!(allowance.next(now + SECOND), Some(now + 2 * SECOND));
        assert_eq!(allowance.next(now + 9 * SECOND), None);
    }
}
