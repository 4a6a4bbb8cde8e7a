//! Conversions between columns and the types of the domain.

use super::StoreError;
use challengectl_common::{Band, Frequency, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Display;
use std::str::FromStr;

pub fn parse<T: FromStr<Err: Display>>(text: &str, what: &'static str) -> Result<T, StoreError> {
    text.parse().map_err(|error: T::Err| corrupt(what, &error))
}

pub fn from_json<T: DeserializeOwned>(text: &str, what: &'static str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| corrupt(what, &error))
}

pub fn to_json<T: Serialize>(value: &T, what: &'static str) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| corrupt(what, &error))
}

pub fn band(low: i64, high: i64) -> Result<Band, StoreError> {
    let edge = |hz: i64| u64::try_from(hz).map_err(|error| corrupt("band", &error));
    Band::new(edge(low)?, edge(high)?).ok_or_else(|| corrupt("band", &format_args!("{low}-{high}")))
}

pub fn frequency(hz: i64) -> Result<Frequency, StoreError> {
    u64::try_from(hz).ok().and_then(Frequency::from_hz).ok_or_else(|| corrupt("frequency", &hz))
}

pub fn timestamp(millis: Option<i64>) -> Option<Timestamp> {
    millis.map(Timestamp::from_millis)
}

/// Converts a number for the database. Frequencies, sizes and rates are far below its largest integer.
pub fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub fn corrupt(what: &'static str, reason: &dyn Display) -> StoreError {
    StoreError::Corrupt { what, reason: reason.to_string() }
}
