//! Ranges and errors that a driver reports, for checks and for people.

use soapysdr::{Error, ErrorCode, Range};

/// Returns whether a value lies in one of the ranges; `true` without ranges, since the driver reports none. Steps are
/// ignored: drivers do not keep to them.
pub(super) fn contain(ranges: &[Range], value: f64) -> bool {
    ranges.is_empty() || ranges.iter().any(|range| (range.minimum..=range.maximum).contains(&value))
}

/// Returns the value within the ranges that is nearest to `value`.
pub(super) fn nearest(ranges: &[Range], value: f64) -> f64 {
    let candidates = ranges.iter().map(|range| value.clamp(range.minimum, range.maximum.max(range.minimum)));
    candidates.min_by(|a, b| (a - value).abs().total_cmp(&(b - value).abs())).unwrap_or(value)
}

/// Formats ranges for people, with their unit.
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

/// Formats a number without exponent and trailing zeros.
pub(super) fn number(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Turns the error of a call into one with a text, which the error codes of drivers lack.
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
