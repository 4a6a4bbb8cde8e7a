//! Exponential backoff between attempts to reach the server.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(500);
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// A pause that doubles with each failure, from 0.5 s to 30 s. Each is shortened at random by up to half, so that the
/// runners of a venue do not all return at the same moment.
pub(crate) struct Backoff(Duration);

impl Backoff {
    pub(crate) const fn new() -> Self {
        Self(FIRST)
    }

    pub(crate) fn reset(&mut self) {
        self.0 = FIRST;
    }

    /// Returns whether there was no failure since the last success. Only the first failure is logged as a warning.
    pub(crate) fn is_fresh(&self) -> bool {
        self.0 == FIRST
    }

    pub(crate) fn next(&mut self) -> Duration {
        let pause = self.0.mul_f64(rand::random_range(0.5..=1.0));
        self.0 = (self.0 * 2).min(MAX_PAUSE);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_half_a_minute_and_restart_after_a_success() {
        let mut backoff = Backoff::new();
        assert!(backoff.is_fresh() && backoff.next() <= FIRST && !backoff.is_fresh());
        let last = (0..20).map(|_| backoff.next()).last().unwrap();
        assert!(last >= MAX_PAUSE / 2 && last <= MAX_PAUSE);
        backoff.reset();
        assert!(backoff.next() <= FIRST);
    }
}
