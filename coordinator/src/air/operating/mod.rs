//! The operating state: the operators' decisions, and the hours of the conference.

pub(crate) mod aftermath;
pub(crate) mod control;
pub(crate) mod emergency;
mod hours;

pub use crate::store::air::control::Decision;
use crate::store::air::control::{self as stored, Control};
use crate::store::challenges::conference;
use crate::store::{Connection, StoreError};
use challengectl_common::{Conference, Timestamp};

/// The operating state: everything that can hold back work. Whether the hours do is computed from the time at each
/// check, so it is right also after the clock was set.
#[derive(Debug, Clone, Default)]
pub struct OperatingState {
    /// The operators' decisions.
    pub control: Control,
    /// The conference, with its hours.
    pub conference: Conference,
}

impl OperatingState {
    pub(crate) async fn read(connection: &mut Connection) -> Result<Self, StoreError> {
        let control = stored::read(connection).await?;
        Ok(Self { control, conference: conference::read(connection).await? })
    }

    /// Returns whether work may be handed out.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.control.is_open() && !self.is_closed_by_hours(now)
    }

    /// Returns whether the hours hold back work, apart from the operators' decisions.
    #[must_use]
    pub fn is_closed_by_hours(&self, now: Timestamp) -> bool {
        self.is_outside_hours(now) && self.opened(now).is_none()
    }

    /// Returns the decision by which work is handed out outside of the hours, if there is one.
    #[must_use]
    pub fn opened(&self, now: Timestamp) -> Option<&Decision> {
        let holds = |opened: &&Decision| self.conference.next_closing(opened.at).is_none_or(|closing| now < closing);
        self.control.opened.as_ref().filter(|_| self.is_outside_hours(now)).filter(holds)
    }

    /// Returns when [`OperatingState::is_closed_by_hours`] changes next by itself.
    #[must_use]
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        if !self.conference.auto_pause() {
            return None;
        }
        match self.opened(now) {
            Some(opened) => self.conference.next_closing(opened.at),
            None => self.conference.next_change(now),
        }
    }

    fn is_outside_hours(&self, now: Timestamp) -> bool {
        self.conference.auto_pause() && !self.conference.is_open(now)
    }

    /// Returns why the hours hold back work, for people.
    pub(crate) fn closed_until(&self, now: Timestamp) -> String {
        match self.next_change(now) {
            Some(opening) => {
                format!("closed by the conference's hours until {}", self.conference.timezone().show(opening))
            }
            None => "closed by the conference's hours, which do not come again".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use challengectl_common::ConferenceChange;

    const HOUR: i64 = 3_600_000;

    /// So many hours after the beginning of some day in UTC.
    fn at(hour: i64) -> Timestamp {
        Timestamp::from_millis(20_000 * 24 * HOUR + hour * HOUR)
    }

    fn operating_state(opened: Option<i64>) -> OperatingState {
        let change = ConferenceChange {
            stop: Some(Some(at(3 * 24))),
            day_start: Some("09:00".parse().ok()),
            day_end: Some("22:00".parse().ok()),
            auto_pause: Some(true),
            ..ConferenceChange::default()
        };
        let opened = opened.map(|hour| Decision { actor: "oli".to_owned(), at: at(hour) });
        let control = Control { opened, ..Control::default() };
        OperatingState { control, conference: Conference::default().with(change).unwrap() }
    }

    #[test]
    fn what_was_opened_by_hand_stays_open_over_the_day_until_the_next_closing() {
        let operating = operating_state(Some(23));
        for (hour, closed, opened, next) in [
            (23, false, true, Some(46)),
            (32, false, true, Some(46)),
            (33, false, false, Some(46)),
            (45, false, false, Some(46)),
            (46, true, false, Some(57)),
            (72, true, false, None),
        ] {
            assert_eq!(operating.is_closed_by_hours(at(hour)), closed, "{hour}");
            assert_eq!(operating.opened(at(hour)).is_some(), opened, "{hour}");
            assert_eq!(operating.next_change(at(hour)), next.map(at), "{hour}");
        }
    }

    #[test]
    fn after_the_last_hours_it_stays_open_once_opened() {
        let operating = operating_state(Some(80));
        assert_eq!((operating.is_closed_by_hours(at(5_000)), operating.next_change(at(5_000))), (false, None));
    }

    #[test]
    fn hours_that_are_only_told_close_nothing() {
        let mut operating = operating_state(None);
        assert!(operating.is_closed_by_hours(at(23)));
        let told = ConferenceChange { auto_pause: Some(false), ..ConferenceChange::default() };
        operating.conference = operating.conference.with(told).unwrap();
        assert_eq!((operating.is_open(at(23)), operating.next_change(at(23))), (true, None));
    }

    /// The change that is foretold is the one that comes, from the moment of a decision on.
    #[test]
    fn nothing_changes_before_it_is_told_to() {
        for opened in [None, Some(-3), Some(1), Some(12), Some(23), Some(30), Some(47), Some(75)] {
            let operating = operating_state(opened);
            let mut change = None;
            for hour in (opened.unwrap_or(0).max(0)..100).rev() {
                if operating.is_closed_by_hours(at(hour)) != operating.is_closed_by_hours(at(hour + 1)) {
                    change = Some(at(hour + 1));
                }
                assert_eq!(operating.next_change(at(hour)), change, "{opened:?} at {hour}");
            }
        }
    }
}
