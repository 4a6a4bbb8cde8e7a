//! The part of the time for which a radio may be on air.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// The part of the time for which a radio may be on air: above 0, at most 1. After each time on air it rests for so long
/// that both together are on air for no larger part.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
#[cfg_attr(
    feature = "openapi",
    derive(utoipa::ToSchema),
    schema(value_type = f64, exclusive_minimum = 0, maximum = 1, examples(0.25))
)]
pub struct DutyCycle(f64);

/// The number is no duty cycle.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("{0} is no duty cycle, which is above 0 and at most 1: 0.25 for a quarter of the time")]
pub struct NoDutyCycle(f64);

impl DutyCycle {
    /// The lowest that is taken: a transmission of a minute, then a week of rest.
    const MIN: f64 = 1e-4;

    /// Returns the duty cycle of this part.
    ///
    /// # Errors
    /// [`NoDutyCycle`] if it is not from 0.0001 to 1.
    pub fn new(part: f64) -> Result<Self, NoDutyCycle> {
        if (Self::MIN..=1.0).contains(&part) { Ok(Self(part)) } else { Err(NoDutyCycle(part)) }
    }

    /// The part, from 0 to 1.
    #[must_use]
    pub fn part(self) -> f64 {
        self.0
    }

    /// Returns how long a radio rests after it was on air for so long.
    #[must_use]
    pub fn rest_after(self, on_air: Duration) -> Duration {
        Duration::try_from_secs_f64(on_air.as_secs_f64() * (1.0 / self.0 - 1.0)).unwrap_or(Duration::MAX)
    }
}

impl TryFrom<f64> for DutyCycle {
    type Error = NoDutyCycle;
    fn try_from(part: f64) -> Result<Self, NoDutyCycle> {
        Self::new(part)
    }
}

impl From<DutyCycle> for f64 {
    fn from(duty_cycle: DutyCycle) -> Self {
        duty_cycle.0
    }
}

impl fmt::Display for DutyCycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_radio_rests_for_the_other_part_of_the_time() {
        let rest = |part, seconds| DutyCycle::new(part).unwrap().rest_after(Duration::from_secs(seconds)).as_secs();
        assert_eq!((rest(0.25, 20), rest(0.5, 20), rest(1.0, 20), rest(0.01, 36)), (60, 20, 0, 3564));
    }

    #[test]
    fn what_is_no_part_of_the_time_is_refused() {
        for part in [0.0, -0.5, 1.5, 25.0, 1e-9, f64::NAN, f64::INFINITY] {
            assert!(DutyCycle::new(part).is_err(), "{part}");
        }
        assert!(serde_json::from_str::<DutyCycle>("25").unwrap_err().to_string().starts_with("25 is no duty cycle"));
    }
}
