//! How a station identifies itself: by its call sign, at intervals.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A call sign, in capitals: 3 to 16 letters, digits and `/`, with at least one letter and one digit (Radio Regulations,
/// article 19, section III, with what national rules put before or behind it).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(
    feature = "openapi",
    derive(utoipa::ToSchema),
    schema(value_type = String, pattern = "^[A-Za-z0-9/]{3,16}$", examples("DL0XYZ"))
)]
pub struct Callsign(String);

/// The text is no call sign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no call sign: 3 to 16 letters, digits and '/', among them a letter and a digit, such as DL0XYZ or W1AW/4"
)]
pub struct ParseCallsignError(String);

impl Callsign {
    /// The call sign, in capitals.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Callsign {
    type Err = ParseCallsignError;

    fn from_str(text: &str) -> Result<Self, ParseCallsignError> {
        let sign = text.trim().to_ascii_uppercase();
        let has = |wanted: fn(&u8) -> bool| sign.bytes().any(|byte| wanted(&byte));
        let is_sound = (3..=16).contains(&sign.len())
            && sign.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'/')
            && has(u8::is_ascii_alphabetic)
            && has(u8::is_ascii_digit);
        if is_sound { Ok(Self(sign)) } else { Err(ParseCallsignError(text.chars().take(80).collect())) }
    }
}

impl TryFrom<String> for Callsign {
    type Error = ParseCallsignError;
    fn try_from(text: String) -> Result<Self, ParseCallsignError> {
        text.parse()
    }
}

impl From<Callsign> for String {
    fn from(sign: Callsign) -> Self {
        sign.0
    }
}

impl fmt::Display for Callsign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Returns whether a station has to identify itself with a transmission that lasts for `length`. `since_last` is the
/// time between its last identification and the begin of the transmission; `None` if it has not identified itself yet.
///
/// It has to if `interval` would be over before the identification, which takes `takes`, is: so none that is due has to
/// wait for the next transmission.
#[must_use]
pub fn is_due(since_last: Option<Duration>, length: Duration, takes: Duration, interval: Duration) -> bool {
    since_last.is_none_or(|since| since.saturating_add(length).saturating_add(takes) >= interval)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn call_signs_are_told_from_other_words() {
        for sign in ["DL0XYZ", "w1aw/4", " 2E0ABC ", "F/G4XYZ/P", "GB13COL"] {
            assert_eq!(sign.parse::<Callsign>().unwrap().as_str(), sign.trim().to_ascii_uppercase());
        }
        for other in ["", "AB", "CALL", "12345", "DL 0XYZ", "DL0XYZ!", "ÖE1XYZ", &"A1".repeat(9)] {
            assert!(other.parse::<Callsign>().is_err(), "{other}");
        }
    }

    #[test]
    fn an_identification_is_due_with_the_transmission_that_crosses_the_interval() {
        let seconds = Duration::from_secs;
        let due = |since: Option<u64>, length| is_due(since.map(seconds), seconds(length), seconds(5), seconds(600));
        assert!(due(None, 1));
        assert!(!due(Some(0), 594) && due(Some(0), 595) && due(Some(590), 10) && due(Some(10_000), 1));
        assert!(is_due(Some(seconds(0)), seconds(1), seconds(5), seconds(0)));
    }
}
