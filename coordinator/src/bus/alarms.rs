//! Alarms: conditions that a person should look into. Each is in the log, the metrics, the live events and one list.

pub use crate::bus::alarm_kind::AlarmKind;
use crate::clock::Moment;
use challengectl_common::Timestamp;
use parking_lot::{Mutex, MutexGuard};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// A challenge has to be without a radio for this long before its alarm: a runner that restarts is away for a moment.
const UNSENDABLE_HOLD_PERIOD: Duration = Duration::from_secs(30);
/// How long an alarm about something that happened once is listed.
const EVENT_ALARM_RETENTION: Duration = Duration::from_secs(15 * 60);
/// The maximum number of past alarms that are kept, until the server ends; the log keeps all.
const MAX_PAST_ALARMS: usize = 100;

/// A condition that a person should look into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// The kind.
    pub kind: AlarmKind,
    /// The runner or challenge; empty for the server itself.
    pub subject: String,
    /// What is wrong, and the way out.
    pub message: String,
    /// When it began.
    pub since: Timestamp,
    /// How operators have marked it.
    pub marks: Marks,
}

/// The marks of an alarm, for everyone to see.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// Who acknowledged it first.
    pub acknowledged: Option<Mark>,
    /// Who shelved it.
    pub shelved: Option<Shelved>,
}

/// Who set a mark, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Mark {
    pub by: String,
    pub at: Timestamp,
}

/// The mark of an alarm that is hidden for everyone for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shelved {
    /// Who did it, and when.
    pub mark: Mark,
    /// When it is shown again.
    pub until: Timestamp,
    /// Why, for the next shift.
    pub reason: String,
}

/// An alarm that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastAlarm {
    /// Counts the alarms that are over, from the start of the server.
    pub number: u64,
    /// The alarm as it was.
    pub alarm: Alarm,
    /// When it was over.
    pub over_at: Timestamp,
}

impl Alarm {
    /// Returns the id of the alarm while it lasts.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}:{}", self.kind.as_str(), self.subject)
    }
}

pub(crate) type Key = (AlarmKind, String);

#[derive(Debug)]
struct Raised {
    message: String,
    since: Timestamp,
    began: Moment,
    /// `None`: as long as the condition lasts.
    until: Option<Moment>,
    published: bool,
    marks: Marks,
}

/// The alarms in force.
#[derive(Debug, Default)]
pub struct Alarms {
    all: Mutex<BTreeMap<Key, Raised>>,
    /// The revision in which challenges without a radio were last looked for.
    looked_in: Mutex<Option<u64>>,
    over: Mutex<Past>,
}

/// The alarms that are over, the latest last, and how many there were.
#[derive(Debug, Default)]
struct Past {
    latest: VecDeque<PastAlarm>,
    count: u64,
}

/// The conditions found by one check, with their messages.
pub(crate) type Conditions = BTreeMap<Key, String>;

impl Alarms {
    fn all(&self) -> MutexGuard<'_, BTreeMap<Key, Raised>> {
        self.all.lock()
    }

    /// Returns the alarms that have been published and are not over.
    pub fn in_force(&self) -> Vec<Alarm> {
        let all = self.all();
        let published = all.iter().filter(|(_, raised)| raised.published);
        published.map(|((kind, subject), raised)| raised.alarm(*kind, subject)).collect()
    }

    /// Takes the conditions that hold now. Returns the alarms that begin, and those that are over.
    pub(crate) fn update(&self, conditions: &Conditions, now: Timestamp, moment: Moment) -> (Vec<Alarm>, Vec<Alarm>) {
        let mut all = self.all();
        let is_over = |key: &Key, raised: &mut Raised| match raised.until {
            Some(until) => until < moment,
            None => !conditions.contains_key(key),
        };
        let over: Vec<_> = all.extract_if(.., is_over).filter(|(_, raised)| raised.published).collect();
        let over: Vec<_> = over.into_iter().map(|((kind, subject), raised)| raised.alarm(kind, &subject)).collect();
        self.keep(&over, now);
        for (key, message) in conditions {
            let new = || Raised {
                message: String::new(),
                since: now,
                began: moment,
                until: None,
                published: false,
                marks: Marks::default(),
            };
            all.entry(key.clone()).or_insert_with(new).message.clone_from(message);
        }
        let is_due = |kind: AlarmKind, raised: &Raised| {
            let hold = match kind {
                AlarmKind::ChallengeUnsendable => UNSENDABLE_HOLD_PERIOD,
                // Most stops are recorded within the time that an operator waits for the answer.
                AlarmKind::StopUnrecorded => Duration::from_secs(2),
                _ => Duration::ZERO,
            };
            !raised.published && raised.began.after(hold) <= moment
        };
        let mut begun = Vec::new();
        for ((kind, subject), raised) in all.iter_mut().filter(|((kind, _), raised)| is_due(*kind, raised)) {
            raised.published = true;
            begun.push(raised.alarm(*kind, subject));
        }
        (begun, over)
    }

    fn keep(&self, over: &[Alarm], over_at: Timestamp) {
        let mut past = self.over.lock();
        for alarm in over {
            past.count += 1;
            let number = past.count;
            past.latest.push_back(PastAlarm { number, alarm: alarm.clone(), over_at });
        }
        let surplus = past.latest.len().saturating_sub(MAX_PAST_ALARMS);
        past.latest.drain(..surplus);
    }

    /// Returns the alarms that are over, the latest first.
    pub fn over(&self) -> Vec<PastAlarm> {
        self.over.lock().latest.iter().rev().cloned().collect()
    }

    /// Changes the marks of an alarm in force; returns whether there is one with this id.
    pub(crate) fn mark(&self, id: &str, change: impl FnOnce(&mut Marks)) -> bool {
        let mut all = self.all();
        let found = all.iter_mut().find(|((kind, subject), it)| it.published && it.alarm(*kind, subject).id() == id);
        found.map(|(_, raised)| change(&mut raised.marks)).is_some()
    }

    /// Adds the conditions of this kind as they were at the last check.
    pub(crate) fn carry_over(&self, kind: AlarmKind, conditions: &mut Conditions) {
        for (key, raised) in self.all().iter().filter(|((of, _), _)| *of == kind) {
            conditions.insert(key.clone(), raised.message.clone());
        }
    }

    /// Adds an alarm for something that happened once. Returns whether it is news; an equal one in force only lasts
    /// longer.
    pub(crate) fn add(&self, alarm: &Alarm, moment: Moment) -> bool {
        let key = (alarm.kind, alarm.subject.clone());
        let until = Some(moment.after(EVENT_ALARM_RETENTION));
        let mut all = self.all();
        if let Some(raised) = all.get_mut(&key).filter(|raised| raised.message == alarm.message) {
            raised.until = until;
            return false;
        }
        let (message, since) = (alarm.message.clone(), alarm.since);
        all.insert(key, Raised { message, since, began: moment, until, published: true, marks: Marks::default() });
        true
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

impl Raised {
    fn alarm(&self, kind: AlarmKind, subject: &str) -> Alarm {
        let (message, marks) = (self.message.clone(), self.marks.clone());
        Alarm { kind, subject: subject.to_owned(), message, since: self.since, marks }
    }
}
