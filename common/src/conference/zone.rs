//! Time zones by name. Their rules are compiled in, so that a name means the same on every host.

use crate::{Timestamp, closest};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Bytes; longer than the name of any zone.
const MAX_NAME: usize = 64;
const NAMELESS: &str = "UTC";

/// A time zone of the IANA database, such as `America/New_York`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(
    feature = "openapi",
    derive(utoipa::ToSchema),
    schema(value_type = String, max_length = 64, examples("America/New_York"))
)]
pub struct Zone(TimeZone);

/// No time zone has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no time zone {name:?}; {way_out}")]
pub struct UnknownZone {
    name: String,
    way_out: String,
}

impl Zone {
    /// The name, as the IANA database writes it.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or(NAMELESS)
    }

    /// Formats a moment in local time, for people: `2024-01-15 16:00 (Asia/Kolkata)`.
    #[must_use]
    pub fn show(&self, at: Timestamp) -> String {
        let Ok(moment) = jiff::Timestamp::from_millisecond(at.as_millis()) else { return at.to_string() };
        let shown = self.0.to_datetime(moment);
        format!("{} {:02}:{:02} ({})", shown.date(), shown.hour(), shown.minute(), self.name())
    }

    pub(super) fn rules(&self) -> &TimeZone {
        &self.0
    }
}

impl Default for Zone {
    fn default() -> Self {
        Self(TimeZone::UTC)
    }
}

impl FromStr for Zone {
    type Err = UnknownZone;

    fn from_str(text: &str) -> Result<Self, UnknownZone> {
        let known = (text.len() <= MAX_NAME).then(|| TimeZone::get(text).ok()).flatten();
        known.filter(|zone| !zone.is_unknown()).map(Self).ok_or_else(|| unknown(text))
    }
}

fn unknown(text: &str) -> UnknownZone {
    let name: String = text.chars().take(MAX_NAME).collect();
    let names: Vec<_> = jiff::tz::db().available().map(|name| name.to_string()).collect();
    let way_out = match closest(&name, names.iter().map(String::as_str)) {
        Some(meant) => format!("did you mean {meant:?}?"),
        None => "names are like \"America/New_York\"".to_owned(),
    };
    UnknownZone { name, way_out }
}

impl TryFrom<String> for Zone {
    type Error = UnknownZone;

    fn try_from(text: String) -> Result<Self, UnknownZone> {
        text.parse()
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.name().to_owned()
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_known_by_name_also_the_older_names() {
        for name in ["UTC", "America/New_York", "Europe/Berlin", "US/Eastern", "Asia/Kolkata"] {
            assert_eq!(name.parse::<Zone>().unwrap().to_string(), name);
        }
        assert_eq!("europe/berlin".parse::<Zone>().unwrap().name(), "Europe/Berlin");
        assert_eq!(Zone::default().name(), "UTC");
    }

    #[test]
    fn an_unknown_zone_is_refused_with_a_suggestion() {
        let error = "America/NewYork".parse::<Zone>().unwrap_err().to_string();
        assert_eq!(error, "there is no time zone \"America/NewYork\"; did you mean \"America/New_York\"?");
        for name in ["", "EST5EDT,M3.2.0,M11.1.0", "+02:00", "Etc/Unknown", "../../etc/passwd", "local"] {
            assert!(name.parse::<Zone>().is_err(), "{name:?}");
        }
        assert!("x".repeat(100_000).parse::<Zone>().unwrap_err().to_string().len() < 200);
    }

    #[test]
    fn a_moment_is_shown_in_local_time() {
        let moment = Timestamp::from_millis(1_705_314_600_000);
        assert_eq!("Asia/Kolkata".parse::<Zone>().unwrap().show(moment), "2024-01-15 16:00 (Asia/Kolkata)");
        assert_eq!(Zone::default().show(Timestamp::from_millis(i64::MAX)), format!("{} ms", i64::MAX));
    }
}
