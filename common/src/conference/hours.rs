//! Times of day, and the daily hours between two of them.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

const HOUR: u16 = 60;

/// A time of day to the minute, in local time. As text it is `HH:MM`, from `00:00` to `23:59`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(
    feature = "openapi",
    derive(utoipa::ToSchema),
    schema(value_type = String, pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", examples("09:00"))
)]
pub struct TimeOfDay(u16);

/// The text is not a time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a time of the day like \"09:00\", from 00:00 to 23:59")]
pub struct ParseTimeOfDayError;

impl TimeOfDay {
    /// The hour, 0 to 23.
    #[must_use]
    pub fn hour(self) -> u16 {
        self.0 / HOUR
    }

    /// The minute, 0 to 59.
    #[must_use]
    pub fn minute(self) -> u16 {
        self.0 % HOUR
    }
}

impl FromStr for TimeOfDay {
    type Err = ParseTimeOfDayError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let part = |text: &str, below: u16| {
            let two_digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<u16>().ok().filter(|number| two_digits && *number < below)
        };
        let (hour, minute) = text.split_once(':').ok_or(ParseTimeOfDayError)?;
        let (hour, minute) = part(hour, 24).zip(part(minute, HOUR)).ok_or(ParseTimeOfDayError)?;
        Ok(Self(hour * HOUR + minute))
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = ParseTimeOfDayError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        time.to_string()
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.hour(), self.minute())
    }
}

/// Hours of each day: the start is included, the end is not. If the end is the earlier time, it is on the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    start: TimeOfDay,
    end: TimeOfDay,
}

impl Hours {
    /// Returns the hours between two times; `None` if they are the same.
    #[must_use]
    pub fn new(start: TimeOfDay, end: TimeOfDay) -> Option<Self> {
        (start != end).then_some(Self { start, end })
    }

    /// The time of day at which they begin.
    #[must_use]
    pub fn start(self) -> TimeOfDay {
        self.start
    }

    /// The time of day at which they end.
    #[must_use]
    pub fn end(self) -> TimeOfDay {
        self.end
    }

    /// Returns whether they end on the day after the one on which they begin.
    #[must_use]
    pub fn pass_midnight(self) -> bool {
        self.end < self.start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_the_day_has_two_digits_on_either_side() {
        for text in ["00:00", "09:05", "23:59"] {
            assert_eq!(text.parse::<TimeOfDay>().unwrap().to_string(), text);
        }
        for text in ["", "9:00", "09:0", "24:00", "09:60", "+9:00", "09:00:00", "0900", " 09:00", "٠٩:٠٠", "-1:00"]
        {
            assert_eq!(text.parse::<TimeOfDay>(), Err(ParseTimeOfDayError), "{text:?}");
        }
    }
}
