//! The delays (rests) between two transmissions of a challenge.

use crate::limits::{MAX_DELAY_SECONDS, MIN_DELAY_SECONDS};

/// The shortest and the longest delay, in milliseconds; the shortest is at most the longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Delays {
    min_ms: i64,
    max_ms: i64,
}

impl Default for Delays {
    fn default() -> Self {
        Self { min_ms: 60_000, max_ms: 90_000 }
    }
}

impl Delays {
    /// Checks the given delays; one that is not given is taken from `defaults`.
    pub(crate) fn new(min_ms: Option<i64>, max_ms: Option<i64>, defaults: Self) -> Result<Self, String> {
        let delays = Self { min_ms: min_ms.unwrap_or(defaults.min_ms), max_ms: max_ms.unwrap_or(defaults.max_ms) };
        if delays.min_ms <= delays.max_ms {
            return Ok(delays);
        }
        let shown = |given: Option<i64>, ms: i64| {
            let seconds = ms as f64 / 1000.0;
            if given.is_some() { format!("{seconds} s") } else { format!("{seconds} s (the default)") }
        };
        let (min, max) = (shown(min_ms, delays.min_ms), shown(max_ms, delays.max_ms));
        Err(format!("the shortest delay, {min}, is above the longest, {max}; give both in order"))
    }

    pub(crate) fn min_ms(self) -> i64 {
        self.min_ms
    }

    pub(crate) fn max_ms(self) -> i64 {
        self.max_ms
    }
}

/// Converts seconds to whole milliseconds; an error outside of the limits.
pub(crate) fn millis(seconds: f64) -> Result<i64, String> {
    if (MIN_DELAY_SECONDS..=MAX_DELAY_SECONDS).contains(&seconds) {
        return Ok((seconds * 1000.0).round() as i64);
    }
    Err(format!("{seconds} is not a delay in seconds, which is above 0 and at most {MAX_DELAY_SECONDS}, a week"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_may_have_fractions_but_no_sign_and_no_end() {
        assert_eq!(millis(0.5), Ok(500));
        assert_eq!(millis(604_800.0), Ok(604_800_000));
        for seconds in [0.0, -1.0, 604_801.0, f64::NAN, f64::INFINITY] {
            assert!(millis(seconds).unwrap_err().contains("is not a delay in seconds"));
        }
    }

    #[test]
    fn the_shortest_delay_is_not_above_the_longest() {
        let refused = |min, max| Delays::new(min, max, Delays::default()).unwrap_err();
        assert!(refused(Some(9000), Some(8000)).starts_with("the shortest delay, 9 s, is above the longest, 8 s;"));
        assert!(refused(Some(95_500), None).contains("95.5 s, is above the longest, 90 s (the default);"));
        assert!(refused(None, Some(30_000)).contains("60 s (the default), is above the longest, 30 s;"));
    }
}
