//! The event that the challenges belong to.

use super::fields::Fields;
use super::node::Node;
use crate::Conference;
use crate::report::{Reported, Scope};
use challengectl_common::Timestamp;
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};

/// Hours of the day belong to the schedule of the server, which older files kept here.
const OLDER_KEYS: [&str; 3] = ["day_start", "end_of_day", "timezone"];

pub(super) fn read(node: Node, scope: &mut Scope<'_>) -> Result<Conference, Reported> {
    let line = node.line;
    let mut fields = Fields::of(node, "`conference`", scope)?;
    let name = fields.require_as("name", Node::text, scope);
    let start = fields.take_as("start", moment, scope);
    let stop = fields.take_as("stop", moment, scope);
    for key in OLDER_KEYS {
        if let Some(node) = fields.take(key) {
            scope.remark(node.line, format!("`{key}` is passed over: an event file has no hours of the day"));
        }
    }
    fields.refuse_rest(["name", "start", "stop"], scope);
    let conference = Conference { name: name?, start: start?, stop: stop? };
    match (conference.start, conference.stop) {
        (Some(start), Some(stop)) if stop < start => Err(scope.problem(line, "the conference stops before it starts")),
        _ => Ok(conference),
    }
}

fn moment(node: Node) -> Result<Timestamp, String> {
    let text = node.text()?;
    let refuse = |_| "must be a time with its offset, like \"2026-11-22T09:00:00Z\" or \"2026-11-22 09:00:00 -5\"";
    let text = older_offset(&text).unwrap_or(text);
    let deserializer: StrDeserializer<'_, Error> = text.as_str().into_deserializer();
    Timestamp::deserialize(deserializer).map_err(refuse).map_err(str::to_owned)
}

/// `2026-11-22 09:00:00 -5` as the standard writes it: `2026-11-22T09:00:00-05:00`.
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
    fn an_older_time_is_written_as_the_standard_has_it() {
        assert_eq!(older_offset("2026-11-22 09:00:00 -5").unwrap(), "2026-11-22T09:00:00-05:00");
        assert_eq!(older_offset("2026-11-22 09:00:00 +11").unwrap(), "2026-11-22T09:00:00+11:00");
        assert_eq!(older_offset("2026-11-22 09:00:00 0").unwrap(), "2026-11-22T09:00:00+00:00");
        assert_eq!(older_offset("2026-11-22T09:00:00Z"), None);
    }
}
