//! The hours of a conference, compared with reading a wall clock every minute for weeks.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use challengectl_common::conference::{TimeOfDay, Zone};
use challengectl_common::{Conference, ConferenceChange, Timestamp};
use jiff::civil::{DateTime, Time};
use proptest::prelude::*;

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60;

fn moment(text: &str) -> Timestamp {
    Timestamp::from_millis(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

fn conference(zone: &str, day_start: &str, day_end: &str) -> Conference {
    let time = |text: &str| Some(Some(text.parse::<TimeOfDay>().unwrap()));
    let timezone = Some(zone.parse::<Zone>().unwrap());
    let change = ConferenceChange {
        timezone,
        day_start: time(day_start),
        day_end: time(day_end),
        ..ConferenceChange::default()
    };
    Conference::default().with(change).unwrap()
}

fn between(conference: &Conference, start: Option<Timestamp>, stop: Option<Timestamp>) -> Conference {
    conference.with(ConferenceChange { start: Some(start), stop: Some(stop), ..ConferenceChange::default() }).unwrap()
}

/// Returns whether the conference is open in each minute from `first` on, according to an observer of the wall clock
/// who uses the latest date and time shown so far: a clock that is set back changes nothing.
fn watched(conference: &Conference, first: Timestamp, minutes: i64) -> Vec<bool> {
    let zone = jiff::tz::TimeZone::get(conference.timezone().name()).unwrap();
    let civil = |time: TimeOfDay| Time::new(time.hour() as i8, time.minute() as i8, 0, 0).unwrap();
    let (start, end) = (civil(conference.day_start().unwrap()), civil(conference.day_end().unwrap()));
    let mut latest = DateTime::MIN;
    let look = |minute: i64| {
        let millis = first.as_millis() + minute * MINUTE;
        latest = latest.max(zone.to_datetime(jiff::Timestamp::from_millisecond(millis).unwrap()));
        let shown = latest.time();
        let daytime = if start < end { start <= shown && shown < end } else { start <= shown || shown < end };
        let now = Timestamp::from_millis(millis);
        daytime
            && conference.start().is_none_or(|start| start <= now)
            && conference.stop().is_none_or(|stop| now < stop)
    };
    // Long enough to see the last time that the clock was set back.
    (-2 * DAY..minutes).map(look).skip(2 * DAY as usize).collect()
}

/// The next change is compared every so many minutes, and in the minutes around it.
const NOW_AND_THEN: usize = 31;

/// Checks that every minute is as observed, and that the next change is known before it comes.
fn agrees(conference: &Conference, first: Timestamp, minutes: i64) {
    let watched = watched(conference, first, minutes);
    let at = |minute: usize| Timestamp::from_millis(first.as_millis() + minute as i64 * MINUTE);
    let mut change = None;
    for minute in (0..watched.len()).rev() {
        let now = at(minute);
        assert_eq!(conference.is_open(now), watched[minute], "{conference:?} at {now}");
        let changes = minute + 1 < watched.len() && watched[minute] != watched[minute + 1];
        if changes {
            change = Some(at(minute + 1));
        }
        if !changes && change != Some(at(minute + 2)) && minute % NOW_AND_THEN != 0 {
            continue;
        }
        let next = conference.next_change(now);
        match change {
            Some(_) => assert_eq!(next, change, "{conference:?} at {now}"),
            // Beyond the observed minutes.
            None => assert!(next.is_none_or(|next| next >= at(watched.len())), "{conference:?} at {now}: {next:?}"),
        }
    }
}

/// Zones, each with a day on which its clocks are set: forward, back, by half an hour, at midnight, by a whole day; and
/// some whose clocks are never set.
const PLACES: &[(&str, &str)] = &[
    ("Europe/Berlin", "2026-03-29T01:00:00Z"),
    ("Europe/Berlin", "2026-10-25T01:00:00Z"),
    ("America/New_York", "2026-03-08T07:00:00Z"),
    ("America/New_York", "2026-11-01T06:00:00Z"),
    ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"),
    ("Australia/Lord_Howe", "2026-10-03T15:30:00Z"),
    ("America/Havana", "2026-03-08T05:00:00Z"),
    ("America/Havana", "2026-11-01T05:00:00Z"),
    ("Asia/Beirut", "2026-03-28T22:00:00Z"),
    ("Asia/Beirut", "2026-10-24T21:00:00Z"),
    ("Pacific/Apia", "2011-12-30T10:00:00Z"),
    ("Antarctica/Troll", "2026-03-29T01:00:00Z"),
    ("Antarctica/Troll", "2026-10-25T01:00:00Z"),
    ("Asia/Kolkata", "2026-11-22T00:00:00Z"),
    ("UTC", "2026-11-22T00:00:00Z"),
];

#[test]
fn weeks_in_berlin_and_new_york_are_as_the_clock_on_the_wall_says() {
    for (zone, set) in &PLACES[..4] {
        for (day_start, day_end) in [("09:00", "22:00"), ("20:00", "02:30"), ("02:30", "01:30")] {
            let first = Timestamp::from_millis(moment(set).as_millis() - 7 * DAY * MINUTE);
            agrees(&conference(zone, day_start, day_end), first, 14 * DAY);
        }
    }
}

fn time_of_day() -> impl Strategy<Value = String> {
    // Most clocks are set between midnight and four.
    prop_oneof![0_i64..240, 0..DAY].prop_map(|minute| format!("{:02}:{:02}", minute / 60, minute % 60))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_hours_anywhere_are_as_the_clock_on_the_wall_says(
        place in 0..PLACES.len(),
        hours in (time_of_day(), time_of_day()).prop_filter("no hours", |(start, end)| start != end),
        start in prop::option::of(-2 * DAY..DAY),
        length in prop::option::of(1..3 * DAY),
    ) {
        let (zone, set) = PLACES[place];
        let at = |minute: i64| Timestamp::from_millis(moment(set).as_millis() + minute * MINUTE);
        let stop = length.map(|length| at(start.unwrap_or(0) + length));
        let conference = between(&conference(zone, &hours.0, &hours.1), start.map(at), stop);
        agrees(&conference, at(-2 * DAY), 4 * DAY);
    }
}

fn opens_and_closes(conference: &Conference, from: &str, opens: &str, closes: &str) {
    let opening = conference.next_change(moment(from)).unwrap();
    assert!(!conference.is_open(moment(from)) && conference.is_open(opening));
    let closing = conference.next_change(opening).unwrap();
    assert_eq!((opening, closing), (moment(opens), moment(closes)), "{conference:?}");
    assert_eq!(conference.next_closing(moment(from)), Some(closing));
}

#[test]
fn a_time_that_the_clocks_skip_is_the_moment_of_the_jump() {
    // In Berlin the clocks go from 02:00 to 03:00 at 01:00 UTC.
    let (from, jump) = ("2026-03-28T23:30:00Z", "2026-03-29T01:00:00Z");
    opens_and_closes(&conference("Europe/Berlin", "02:30", "22:00"), from, jump, "2026-03-29T20:00:00Z");
    opens_and_closes(&conference("Europe/Berlin", "01:00", "02:30"), from, "2026-03-29T00:00:00Z", jump);
    // The clocks skip all of the hours: there are none on that day.
    let next = ("2026-03-30T00:15:00Z", "2026-03-30T00:45:00Z");
    opens_and_closes(&conference("Europe/Berlin", "02:15", "02:45"), from, next.0, next.1);
    // In New York from 02:00 to 03:00 at 07:00 UTC.
    let (from, jump) = ("2026-03-08T05:30:00Z", "2026-03-08T07:00:00Z");
    opens_and_closes(&conference("America/New_York", "02:30", "22:00"), from, jump, "2026-03-09T02:00:00Z");
    opens_and_closes(&conference("America/New_York", "01:00", "02:30"), from, "2026-03-08T06:00:00Z", jump);
}

#[test]
fn a_time_that_the_clocks_show_twice_is_the_first_of_the_two() {
    // In Berlin the clocks go from 03:00 back to 02:00 at 01:00 UTC.
    let from = "2026-10-24T22:30:00Z";
    opens_and_closes(
        &conference("Europe/Berlin", "02:30", "22:00"),
        from,
        "2026-10-25T00:30:00Z",
        "2026-10-25T21:00:00Z",
    );
    opens_and_closes(
        &conference("Europe/Berlin", "01:00", "02:30"),
        from,
        "2026-10-24T23:00:00Z",
        "2026-10-25T00:30:00Z",
    );
    // In New York from 02:00 back to 01:00 at 06:00 UTC.
    let (from, first) = ("2026-11-01T04:15:00Z", "2026-11-01T05:30:00Z");
    opens_and_closes(&conference("America/New_York", "01:30", "22:00"), from, first, "2026-11-02T03:00:00Z");
    opens_and_closes(&conference("America/New_York", "00:30", "01:30"), from, "2026-11-01T04:30:00Z", first);
}

#[test]
fn the_last_millisecond_is_open_and_the_next_is_not() {
    let hours = conference("America/New_York", "09:00", "22:00");
    for (at, open) in [
        ("2026-11-22T13:59:59.999Z", false),
        ("2026-11-22T14:00:00Z", true),
        ("2026-11-23T02:59:59.999Z", true),
        ("2026-11-23T03:00:00Z", false),
    ] {
        assert_eq!(hours.is_open(moment(at)), open, "{at}");
    }
}

#[test]
fn before_and_after_the_conference_nothing_is_open() {
    let hours = conference("UTC", "09:00", "22:00");
    let (start, stop) = (moment("2026-11-22T12:00:00Z"), moment("2026-11-23T20:00:00Z"));
    let conference = between(&hours, Some(start), Some(stop));
    opens_and_closes(&conference, "2026-01-01T12:00:00Z", "2026-11-22T12:00:00Z", "2026-11-22T22:00:00Z");
    opens_and_closes(&conference, "2026-11-22T23:00:00Z", "2026-11-23T09:00:00Z", "2026-11-23T20:00:00Z");
    assert_eq!((conference.is_open(stop), conference.next_change(stop)), (false, None));
    let at_night = between(&hours, Some(moment("2026-11-22T22:00:00Z")), Some(moment("2026-11-23T09:00:00Z")));
    assert_eq!(at_night.next_change(start), None);
    let always = Conference::default();
    assert_eq!((always.is_open(start), always.next_change(start)), (true, None));
}

#[test]
fn the_first_and_last_moments_that_can_be_represented_are_no_error() {
    let hours = conference("America/New_York", "22:00", "09:00");
    for millis in [i64::MIN, -377_705_000_000_000, 253_402_200_000_000, i64::MAX] {
        let at = Timestamp::from_millis(millis);
        for conference in [&hours, &between(&hours, Some(at), None), &between(&hours, None, Some(at))] {
            for now in [at, moment("2026-11-22T12:00:00Z")] {
                let next = conference.next_change(now);
                assert!(next.is_none_or(|next| next > now && conference.is_open(next) != conference.is_open(now)));
            }
        }
    }
}
