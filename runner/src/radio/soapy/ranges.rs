//! What a driver says that it can do, for people and for checks.

use soapysdr::{Error, ErrorCode, Range};

/// Whether a value lies in one of the ranges. No range at all: the driver does not say. Steps are hints at best.
pub(super) fn contain(ranges: &[Range], value: f64) -> bool {
    ranges.is_empty() || ranges.iter().any(|range| (range.minimum..=range.maximum).contains(&value))
}

/// Returns the value of the ranges that is next to this one.
pub(super) fn nearest(ranges: &[Range], value: f64) -> f64 {
    let candidates = ranges.iter().map(|range| value.clamp(range.minimum, range.maximum.max(range.minimum)));
    candidates.min_by(|a, b| (a - value).abs().total_cmp(&(b - value).abs())).unwrap_or(value)
}

/// Writes ranges for people, in the unit.
pub(super) fn describe(ranges: &[Range], unit: &str) -> String {
    if ranges.is_empty() {
        return "unknown".to_owned();
    }
    let one = |range: &Range| match range.minimum == range.maximum {
        true => number(range.minimum),
        false => format!("{} to {}", number(range.minimum), number(range.maximum)),
    };
    format!("{} {unit}", ranges.iter().map(one).collect::<Vec<_>>().join(", "))
}

/// Without an exponent, and without decimals that are none.
pub(super) fn number(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Says what a call failed with. Codes that a driver returns have no text.
pub(super) fn explain(call: &str, error: &Error) -> anyhow::Error {
    let what = match error.code {
        _ if !error.message.is_empty() => error.message.as_str(),
        ErrorCode::Timeout => "no answer in time",
        ErrorCode::StreamError => "the stream broke",
        ErrorCode::Corruption => "damaged data",
        ErrorCode::Overflow => "overflow",
        ErrorCode::NotSupported => "not supported",
        ErrorCode::TimeError => "wrong time",
        ErrorCode::Underflow => "underflow",
        _ => "an error without a text",
    };
    anyhow::anyhow!("{call}: {what}")
}
