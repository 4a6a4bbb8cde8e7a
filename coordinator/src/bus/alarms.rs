//! Alarms: conditions that a person should look into. Each is in the log, the metrics, the live events and one list.
//!
//! They are kept in memory, since the database may be what is wrong, and written to it as they change.

pub use crate::bus::alarm::{Alarm, AlarmKind, Mark, Marks, PastAlarm, Shelved};
use crate::clock::{Clock, Moment};
use crate::store::log::alarms::StoredAlarm;
use challengectl_common::Timestamp;
use parking_lot::{Mutex, MutexGuard};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// A challenge has to be without a radio for this long before its alarm: a runner that restarts is away for a moment.
const UNSENDABLE_HOLD_PERIOD: Duration = Duration::from_secs(30);
/// How long an alarm about something that happened once is listed.
const EVENT_ALARM_RETENTION: Duration = Duration::from_secs(15 * 60);
/// The maximum number of past alarms that are kept; the log keeps more.
pub(crate) const MAX_PAST_ALARMS: usize = 100;

pub(crate) type Key = (AlarmKind, String);

/// The conditions found by one check, with their messages.
pub(crate) type Conditions = BTreeMap<Key, String>;

#[derive(Debug)]
struct Raised {
    /// `None`: its condition has not held for long enough, and it is not published.
    number: Option<u64>,
    message: String,
    since: Timestamp,
    began: Moment,
    /// When it is over by itself; `None`: as long as the condition lasts.
    until: Option<(Moment, Timestamp)>,
    marks: Marks,
}

/// The alarms in force, and the latest that are over.
#[derive(Debug, Default)]
pub struct Alarms {
    all: Mutex<All>,
    /// The revision in which challenges without a radio were last looked for.
    looked_in: Mutex<Option<u64>>,
}

#[derive(Debug, Default)]
struct All {
    raised: BTreeMap<Key, Raised>,
    /// The latest last.
    over: VecDeque<PastAlarm>,
    /// The number of the latest alarm.
    latest: u64,
    /// The changes that are not in the database yet, by the numbers of the alarms.
    unwritten: BTreeMap<u64, StoredAlarm>,
}

impl Alarms {
    /// Returns the alarms as they were when the server ended. Those in force last until the first check that finds their
    /// condition gone.
    pub(crate) fn restored(stored: Vec<StoredAlarm>, clock: &Clock) -> Self {
        let mut all = All::default();
        for it in stored {
            let Some(kind) = AlarmKind::named(&it.kind) else { continue };
            all.latest = all.latest.max(it.number);
            let StoredAlarm { number, subject, message, since, ends_at, over_at, marks, .. } = it;
            if let Some(over_at) = over_at {
                let alarm = Alarm { number, kind, subject, message, since, marks };
                all.over.push_back(PastAlarm { alarm, over_at });
                continue;
            }
            // At most as long as a new one, should the clock have been set back.
            let left = |end: Timestamp| end.since(clock.now()).min(EVENT_ALARM_RETENTION);
            let until = ends_at.map(|end| (clock.instant().after(left(end)), end));
            let raised = Raised { number: Some(number), message, since, began: clock.instant(), until, marks };
            all.raised.insert((kind, subject), raised);
        }
        Self { all: Mutex::new(all), looked_in: Mutex::default() }
    }

    fn all(&self) -> MutexGuard<'_, All> {
        self.all.lock()
    }

    /// Returns the alarms that have been published and are not over.
    pub fn in_force(&self) -> Vec<Alarm> {
        self.all().raised.iter().filter_map(|(key, raised)| raised.alarm(key)).collect()
    }

    /// Returns the alarms that are over, the latest first.
    pub fn over(&self) -> Vec<PastAlarm> {
        self.all().over.iter().rev().cloned().collect()
    }

    /// Takes the conditions that hold now. Returns the alarms that begin, and those that are over.
    pub(crate) fn update(&self, conditions: &Conditions, now: Timestamp, moment: Moment) -> (Vec<Alarm>, Vec<Alarm>) {
        let mut all = self.all();
        let is_over = |key: &Key, raised: &mut Raised| match raised.until {
            Some((until, _)) => until < moment,
            None => !conditions.contains_key(key),
        };
        let ended: Vec<_> = all.raised.extract_if(.., is_over).collect();
        let over = ended.into_iter().filter_map(|(key, raised)| all.end(&key, &raised, now)).collect();
        for (key, message) in conditions {
            all.hold(key, message, now, moment);
        }
        let is_due = |kind: AlarmKind, raised: &Raised| {
            let hold = match kind {
                AlarmKind::ChallengeUnsendable => UNSENDABLE_HOLD_PERIOD,
                // Most stops are recorded within the time that an operator waits for the answer.
                AlarmKind::StopUnrecorded => Duration::from_secs(2),
                _ => Duration::ZERO,
            };
            raised.number.is_none() && raised.began.after(hold) <= moment
        };
        let due = all.raised.iter().filter(|((kind, _), raised)| is_due(*kind, raised));
        let due: Vec<_> = due.map(|(key, _)| key.clone()).collect();
        let begun = due.iter().filter_map(|key| all.publish(key)).collect();
        (begun, over)
    }

    /// Returns an alarm in force as it is after a change of its marks; `None` if there is none with this id.
    pub(crate) fn marked(&self, id: &str, change: impl Fn(&mut Marks)) -> Option<StoredAlarm> {
        let all = self.all();
        let named = |(key, raised): (&Key, &Raised)| {
            raised.alarm(key).filter(|alarm| alarm.id() == id)?;
            raised.stored(key)
        };
        let mut stored = all.raised.iter().find_map(named)?;
        change(&mut stored.marks);
        Some(stored)
    }

    /// Changes the marks of an alarm, if it is still in force.
    pub(crate) fn mark(&self, number: u64, change: impl Fn(&mut Marks)) {
        let mut all = self.all();
        let found = all.raised.iter_mut().find(|(_, raised)| raised.number == Some(number));
        let Some(key) = found.map(|(key, raised)| {
            change(&mut raised.marks);
            key.clone()
        }) else {
            return;
        };
        all.keep(&key);
    }

    /// Adds the conditions of this kind as they were at the last check, if they still last.
    pub(crate) fn carry_over(&self, kind: AlarmKind, conditions: &mut Conditions, lasts: impl Fn(&str) -> bool) {
        for (key, raised) in self.all().raised.iter().filter(|((of, subject), _)| *of == kind && lasts(subject)) {
            conditions.entry(key.clone()).or_insert_with(|| raised.message.clone());
        }
    }

    /// Adds an alarm for something that happened once; returns it. An equal one in force only lasts longer: `None`.
    pub(crate) fn add(&self, key: &Key, message: String, now: Timestamp, moment: Moment) -> Option<Alarm> {
        let mut all = self.all();
        let until = Some((moment.after(EVENT_ALARM_RETENTION), now.after(EVENT_ALARM_RETENTION)));
        if let Some(raised) = all.raised.get_mut(key).filter(|raised| raised.message == message) {
            raised.until = until;
            all.keep(key);
            return None;
        }
        if let Some(before) = all.raised.remove(key) {
            all.end(key, &before, now);
        }
        let raised = Raised { number: None, message, since: now, began: moment, until, marks: Marks::default() };
        all.raised.insert(key.clone(), raised);
        all.publish(key)
    }

    /// Returns at most `most` alarms that are not in the database as they are now.
    pub(crate) fn take_unwritten(&self, most: usize) -> Vec<StoredAlarm> {
        let mut all = self.all();
        std::iter::from_fn(|| all.unwritten.pop_first()).take(most).map(|(_, alarm)| alarm).collect()
    }

    /// Takes back what could not be written.
    pub(crate) fn put_back(&self, unwritten: Vec<StoredAlarm>) {
        let mut all = self.all();
        for alarm in unwritten {
            all.unwritten.entry(alarm.number).or_insert(alarm);
        }
    }

    /// Returns whether challenges without a radio have to be looked for: once in each revision.
    pub(crate) fn is_new_revision(&self, revision: u64) -> bool {
        let mut looked_in = self.looked_in.lock();
        looked_in.replace(revision) != Some(revision)
    }

    /// Makes the next check look for challenges without a radio, also in the same revision.
    pub(crate) fn look_anew(&self) {
        *self.looked_in.lock() = None;
    }
}

impl All {
    fn hold(&mut self, key: &Key, message: &str, now: Timestamp, moment: Moment) {
        let new = || Raised {
            number: None,
            message: String::new(),
            since: now,
            began: moment,
            until: None,
            marks: Marks::default(),
        };
        let raised = self.raised.entry(key.clone()).or_insert_with(new);
        if raised.message != message {
            message.clone_into(&mut raised.message);
            self.keep(key);
        }
    }

    fn publish(&mut self, key: &Key) -> Option<Alarm> {
        self.latest += 1;
        self.raised.get_mut(key)?.number = Some(self.latest);
        self.keep(key);
        self.raised.get(key)?.alarm(key)
    }

    fn end(&mut self, key: &Key, raised: &Raised, over_at: Timestamp) -> Option<Alarm> {
        let alarm = raised.alarm(key)?;
        let stored = StoredAlarm { over_at: Some(over_at), ..raised.stored(key)? };
        self.unwritten.insert(alarm.number, stored);
        self.over.push_back(PastAlarm { alarm: alarm.clone(), over_at });
        let surplus = self.over.len().saturating_sub(MAX_PAST_ALARMS);
        self.over.drain(..surplus);
        Some(alarm)
    }

    fn stored(&self, key: &Key) -> Option<StoredAlarm> {
        self.raised.get(key)?.stored(key)
    }

    /// Has an alarm written as it is now, if it is published.
    fn keep(&mut self, key: &Key) {
        if let Some(stored) = self.stored(key) {
            self.unwritten.insert(stored.number, stored);
        }
    }
}

impl Raised {
    fn alarm(&self, (kind, subject): &Key) -> Option<Alarm> {
        let (message, marks) = (self.message.clone(), self.marks.clone());
        Some(Alarm { number: self.number?, kind: *kind, subject: subject.clone(), message, since: self.since, marks })
    }

    fn stored(&self, key: &Key) -> Option<StoredAlarm> {
        let Alarm { number, kind, subject, message, since, marks } = self.alarm(key)?;
        let (kind, ends_at) = (kind.as_str().to_owned(), self.until.map(|(_, end)| end));
        Some(StoredAlarm { number, kind, subject, message, since, ends_at, over_at: None, marks })
    }
}
