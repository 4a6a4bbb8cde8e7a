//! When a conference is open, and when it opens or closes next: pure functions of a moment.
//!
//! The daily hours begin and end once a day, each at the first moment at which the clocks of the time zone show that
//! time or a later one. Where the clocks skip the time (set forward), that is the moment of the jump; where they show
//! it twice (set back), it is the first of the two.

use super::{Conference, Hours, TimeOfDay};
use crate::Timestamp;
use jiff::Span;
use jiff::civil::Date;
use jiff::tz::{AmbiguousOffset, TimeZone};
use std::ops::Range;

/// Days considered before and after that of a moment. Before: hours may have begun on the day before, and the clocks
/// may have been set back over midnight. After: the clocks may skip the hours of a day, or a whole day.
const BEFORE: i64 = 2;
const AFTER: i64 = 3;

impl Conference {
    /// Returns whether `at` is within the conference and within its daily hours.
    #[must_use]
    pub fn is_open(&self, at: Timestamp) -> bool {
        self.start.is_none_or(|start| start <= at) && self.stop.is_none_or(|stop| at < stop) && self.is_daytime(at)
    }

    /// Returns the next moment at which [`Conference::is_open`] changes; `None` if it never does.
    #[must_use]
    pub fn next_change(&self, at: Timestamp) -> Option<Timestamp> {
        if self.is_open(at) { self.closing(at) } else { self.opening(at) }
    }

    /// Returns the next moment at which the conference closes; if it is closed at `at`, the one after the next opening.
    /// `None` if it never closes.
    #[must_use]
    pub fn next_closing(&self, at: Timestamp) -> Option<Timestamp> {
        if self.is_open(at) { self.closing(at) } else { self.closing(self.opening(at)?) }
    }

    /// Returns when the conference opens next. It must be closed at `at`.
    fn opening(&self, at: Timestamp) -> Option<Timestamp> {
        let earliest = self.start.map_or(at, |start| start.max(at));
        let opening = match self.hours {
            Some(hours) if !self.is_daytime(earliest) => {
                self.days(hours, earliest).map(|day| day.start).find(|start| *start > earliest)?
            }
            _ => earliest,
        };
        Some(opening).filter(|opening| self.stop.is_none_or(|stop| *opening < stop))
    }

    /// Returns when the conference closes next. It must be open at `at`.
    fn closing(&self, at: Timestamp) -> Option<Timestamp> {
        let evening = self.hours.map(|hours| {
            // Where the clocks skip the night, the hours of one day meet those of the next.
            let prolong = |end, day: Range<Timestamp>| if day.contains(&end) { day.end } else { end };
            self.days(hours, at).fold(at, prolong)
        });
        [evening, self.stop].into_iter().flatten().min()
    }

    fn is_daytime(&self, at: Timestamp) -> bool {
        let begun = |day: &Range<Timestamp>| day.start <= at;
        self.hours.is_none_or(|hours| self.days(hours, at).take_while(begun).any(|day| day.contains(&at)))
    }

    /// The daily hours of the days around a moment, in ascending order.
    fn days(&self, hours: Hours, around: Timestamp) -> impl Iterator<Item = Range<Timestamp>> {
        let zone = self.timezone.rules();
        let today = jiff::Timestamp::from_millisecond(around.as_millis()).map(|moment| zone.to_datetime(moment).date());
        let dates = today
            .into_iter()
            .flat_map(|today| (-BEFORE..=AFTER).filter_map(move |days| today.checked_add(Span::new().days(days)).ok()));
        dates.filter_map(move |date| hours_of(date, hours, zone))
    }
}

/// Returns the hours of a day; `None` if the clocks skip them.
fn hours_of(date: Date, hours: Hours, zone: &TimeZone) -> Option<Range<Timestamp>> {
    let last = if hours.pass_midnight() { date.tomorrow().ok()? } else { date };
    let day = first(date, hours.start(), zone)?..first(last, hours.end(), zone)?;
    (!day.is_empty()).then_some(day)
}

/// Returns the first moment at which the clocks show this time or a later one; `None` outside of the years that `jiff`
/// can represent.
fn first(date: Date, time: TimeOfDay, zone: &TimeZone) -> Option<Timestamp> {
    let shown = date.at(i8::try_from(time.hour()).ok()?, i8::try_from(time.minute()).ok()?, 0, 0);
    let moment = match zone.to_ambiguous_timestamp(shown).offset() {
        AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => {
            offset.to_timestamp(shown).ok()?
        }
        AmbiguousOffset::Gap { after, .. } => {
            let shortly_before = after.to_timestamp(shown).ok()?;
            zone.following(shortly_before).next()?.timestamp()
        }
    };
    Some(Timestamp::from_millis(moment.as_millisecond()))
}
