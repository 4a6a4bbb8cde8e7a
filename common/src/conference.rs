//! The conference that an event belongs to: when it is, and at which hours of the day.

mod calendar;
mod hours;
mod zone;

pub use hours::{Hours, ParseTimeOfDayError, TimeOfDay};
pub use zone::{UnknownZone, Zone};

use crate::{ConferenceName, Timestamp};

/// When a conference is open. An omitted value sets no limit: without hours it is open all day, without a stop it never
/// closes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conference {
    name: Option<ConferenceName>,
    start: Option<Timestamp>,
    stop: Option<Timestamp>,
    timezone: Zone,
    hours: Option<Hours>,
    auto_pause: bool,
}

/// A change of a conference. A field that is `None` stays as it is; one that is `Some(None)` is cleared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of `Conference`")]
pub struct ConferenceChange {
    pub name: Option<Option<ConferenceName>>,
    pub start: Option<Option<Timestamp>>,
    pub stop: Option<Option<Timestamp>>,
    pub timezone: Option<Zone>,
    pub day_start: Option<Option<TimeOfDay>>,
    pub day_end: Option<Option<TimeOfDay>>,
    pub auto_pause: Option<bool>,
}

/// Why a change of a conference is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConferenceError {
    /// The stop is not later than the start.
    #[error("the conference stops before it starts; `stop` must be later than `start`")]
    Backwards,
    /// The daily hours have a beginning without an end, or an end without a beginning.
    #[error("the daily hours have a beginning and an end; give both or neither")]
    HalfHours,
    /// The daily hours begin and end at the same time: no hours, or the whole day, which is ambiguous.
    #[error("the daily hours begin and end at the same time; leave both out for the whole day")]
    NoHours,
}

impl Conference {
    /// Returns the conference after a change.
    ///
    /// # Errors
    /// [`ConferenceError`] if the times contradict each other.
    pub fn with(&self, change: ConferenceChange) -> Result<Self, ConferenceError> {
        let (start, stop) = (change.start.unwrap_or(self.start), change.stop.unwrap_or(self.stop));
        if start.zip(stop).is_some_and(|(start, stop)| stop <= start) {
            return Err(ConferenceError::Backwards);
        }
        let day_start = change.day_start.unwrap_or(self.day_start());
        let day_end = change.day_end.unwrap_or(self.day_end());
        let hours = match (day_start, day_end) {
            (None, None) => None,
            (Some(start), Some(end)) => Some(Hours::new(start, end).ok_or(ConferenceError::NoHours)?),
            _ => return Err(ConferenceError::HalfHours),
        };
        Ok(Self {
            name: change.name.unwrap_or_else(|| self.name.clone()),
            start,
            stop,
            timezone: change.timezone.unwrap_or_else(|| self.timezone.clone()),
            hours,
            auto_pause: change.auto_pause.unwrap_or(self.auto_pause),
        })
    }

    /// Returns the keys, as in an event file, whose values differ from those of `other`.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        let fields = [
            ("name", self.name != other.name),
            ("start", self.start != other.start),
            ("stop", self.stop != other.stop),
            ("timezone", self.timezone != other.timezone),
            ("day_start", self.day_start() != other.day_start()),
            ("day_end", self.day_end() != other.day_end()),
            ("auto_pause", self.auto_pause != other.auto_pause),
        ];
        fields.into_iter().filter(|(_, differs)| *differs).map(|(field, _)| field).collect()
    }

    /// The name shown to players.
    #[must_use]
    pub fn name(&self) -> Option<&ConferenceName> {
        self.name.as_ref()
    }

    /// The moment at which it first opens; `None`: it has always been open.
    #[must_use]
    pub fn start(&self) -> Option<Timestamp> {
        self.start
    }

    /// The moment at which it closes for good; `None`: it never does.
    #[must_use]
    pub fn stop(&self) -> Option<Timestamp> {
        self.stop
    }

    /// The time zone of its daily hours; UTC if none was given.
    #[must_use]
    pub fn timezone(&self) -> &Zone {
        &self.timezone
    }

    /// The time of day at which it opens; `None`: it is open all day.
    #[must_use]
    pub fn day_start(&self) -> Option<TimeOfDay> {
        self.hours.map(Hours::start)
    }

    /// The time of day at which it closes; `None`: it is open all day.
    #[must_use]
    pub fn day_end(&self) -> Option<TimeOfDay> {
        self.hours.map(Hours::end)
    }

    /// Returns whether no work is handed out while it is closed. Otherwise its times are only shown.
    #[must_use]
    pub fn auto_pause(&self) -> bool {
        self.auto_pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(start: &str, end: &str) -> ConferenceChange {
        let time = |text: &str| Some(text.parse().ok());
        ConferenceChange { day_start: time(start), day_end: time(end), ..ConferenceChange::default() }
    }

    #[test]
    fn a_field_that_is_not_given_stays_and_one_given_as_none_is_cleared() {
        let conference = Conference::default().with(hours("09:00", "22:00")).unwrap();
        let named = ConferenceChange { name: Some(ConferenceName::new("C").ok()), ..ConferenceChange::default() };
        let named = conference.with(named).unwrap();
        assert_eq!(named.day_end().unwrap().to_string(), "22:00");
        assert_eq!(named.differences(&conference), ["name"]);
        let cleared = named.with(hours("", "")).unwrap();
        assert_eq!((cleared.day_start(), cleared.name().unwrap().as_str()), (None, "C"));
        assert_eq!(cleared.differences(&named), ["day_start", "day_end"]);
    }

    #[test]
    fn a_conference_whose_times_contradict_each_other_is_refused() {
        let none = Conference::default();
        assert_eq!(none.with(hours("09:00", "")), Err(ConferenceError::HalfHours));
        assert_eq!(none.with(hours("09:00", "09:00")), Err(ConferenceError::NoHours));
        let at = |millis| Some(Some(Timestamp::from_millis(millis)));
        let begun = none.with(ConferenceChange { start: at(5), ..ConferenceChange::default() }).unwrap();
        for stop in [4, 5] {
            let change = ConferenceChange { stop: at(stop), ..ConferenceChange::default() };
            assert_eq!(begun.with(change), Err(ConferenceError::Backwards));
        }
    }
}
