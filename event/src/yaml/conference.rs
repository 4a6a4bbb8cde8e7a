//! The conference of an event file.

use crate::check;
use crate::document::fields::Fields;
use crate::document::node::Node;
use crate::report::{Reported, Scope};
use challengectl_common::{ConferenceChange, Timestamp};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};
use std::fmt::Display;
use std::str::FromStr;

const KEYS: [&str; 7] = ["name", "start", "stop", "timezone", "day_start", "day_end", "auto_pause"];
/// The names of the last two in older files.
const OLDER_DAY_END: &str = "end_of_day";
const OLDER_AUTO_PAUSE: &str = "auto_pause_daily";

pub(super) fn read(node: Node, scope: &mut Scope<'_>) -> Result<ConferenceChange, Reported> {
    let line = node.line;
    let mut fields = Fields::of(node, "`conference`", scope)?;
    let name = fields.take_given("name", |node| from_text(&node.words()?), scope);
    let start = fields.take_given("start", moment, scope);
    let stop = fields.take_given("stop", moment, scope);
    let timezone = fields.take_given("timezone", parse, scope);
    let day_start = fields.take_given("day_start", parse, scope);
    let day_end = fields.take_given(either(&fields, "day_end", OLDER_DAY_END), parse, scope);
    let auto_pause = fields.take_given(either(&fields, "auto_pause", OLDER_AUTO_PAUSE), Node::truth, scope);
    fields.refuse_rest(KEYS, scope);
    let change = ConferenceChange {
        name: name?,
        start: start?,
        stop: stop?,
        timezone: timezone?.map(Option::unwrap_or_default),
        day_start: day_start?,
        day_end: day_end?,
        auto_pause: auto_pause?.map(Option::unwrap_or_default),
    };
    hours_of_utc(&change, line, scope);
    check::conference(change, line, scope)
}

/// Returns the older key if only that is given. If both are, the older one is left over, and refused as unknown.
fn either(fields: &Fields, key: &'static str, older: &'static str) -> &'static str {
    if fields.has(older) && !fields.has(key) { older } else { key }
}

/// Remarks that hours without a time zone are in UTC; older files meant them in the offset of `start`.
fn hours_of_utc(change: &ConferenceChange, line: u64, scope: &mut Scope<'_>) {
    if change.day_start.flatten().is_some() && change.timezone.is_none() {
        scope.remark(
            line,
            "`timezone` is not given, so the daily hours are in the time zone set before, or else in UTC",
        );
    }
}

fn parse<T: FromStr<Err: Display>>(node: Node) -> Result<T, String> {
    from_text(&node.text()?)
}

fn from_text<T: FromStr<Err: Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: T::Err| error.to_string())
}

fn moment(node: Node) -> Result<Timestamp, String> {
    let text = node.text()?;
    let refuse = |_| "must be a time with its offset, like \"2026-11-22T09:00:00Z\" or \"2026-11-22 09:00:00 -5\"";
    let text = older_offset(&text).unwrap_or(text);
    let deserializer: StrDeserializer<'_, Error> = text.as_str().into_deserializer();
    Timestamp::deserialize(deserializer).map_err(refuse).map_err(str::to_owned)
}

/// Converts `2026-11-22 09:00:00 -5` to the form of RFC 3339, `2026-11-22T09:00:00-05:00`.
fn older_offset(text: &str) -> Option<String> {
    let (time, offset) = text.trim().rsplit_once(' ')?;
    let (date, time) = time.trim().split_once(' ')?;
    let hours: i8 = offset.parse().ok()?;
    Some(format!("{date}T{}{hours:+03}:00", time.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_time_is_converted_to_the_form_of_the_standard() {
        assert_eq!(older_offset("2026-11-22 09:00:00 -5").unwrap(), "2026-11-22T09:00:00-05:00");
        assert_eq!(older_offset("2026-11-22 09:00:00 +11").unwrap(), "2026-11-22T09:00:00+11:00");
        assert_eq!(older_offset("2026-11-22 09:00:00 0").unwrap(), "2026-11-22T09:00:00+00:00");
        assert_eq!(older_offset("2026-11-22T09:00:00Z"), None);
    }
}
