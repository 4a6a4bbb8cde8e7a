//! What a person should look into, for as long as it is so: in the log, in metrics, as events, and in one list.

pub use crate::bus::alarm_kind::AlarmKind;
use crate::bus::events::Event;
use crate::clock::Moment;
use crate::schedule::{Candidate, Capability};
use crate::{Coordinator, CoreError};
use challengectl_common::wire::LogLevel;
use challengectl_common::{RunnerId, Timestamp};
use serde::Serialize;
use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A challenge has to be without a radio for so long: a runner that restarts is away for a moment.
const HOLD: Duration = Duration::from_secs(30);
/// More challenges without a radio are one alarm: their cause is one.
const MAX_NAMED: usize = 10;
/// What has happened once is listed for so long.
const SHOWN: Duration = Duration::from_secs(15 * 60);

/// Something that a person should look into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alarm {
    /// What it is about.
    pub kind: AlarmKind,
    /// Which runner or challenge; empty for the server itself.
    pub subject: String,
    /// What is wrong, and the way out.
    pub message: String,
    /// Since when.
    pub since: Timestamp,
}

type Key = (AlarmKind, String);

#[derive(Debug)]
struct Raised {
    message: String,
    since: Timestamp,
    began: Moment,
    /// None: for as long as it is so.
    until: Option<Moment>,
    published: bool,
}

/// The alarms in force.
#[derive(Debug, Default)]
pub struct Alarms {
    all: Mutex<BTreeMap<Key, Raised>>,
    /// The edition of the schedule in which it was last looked for challenges without a radio.
    looked_in: Mutex<Option<u64>>,
}

/// What is wrong at one look.
type Conditions = BTreeMap<Key, String>;

impl Alarms {
    fn all(&self) -> MutexGuard<'_, BTreeMap<Key, Raised>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The alarms that have been published and are not over.
    pub fn in_force(&self) -> Vec<Alarm> {
        let all = self.all();
        let published = all.iter().filter(|(_, raised)| raised.published);
        published.map(|((kind, subject), raised)| raised.alarm(*kind, subject)).collect()
    }

    /// Takes in what is wrong now. Returns the alarms that begin with it, and those that are over.
    fn update(&self, conditions: &Conditions, now: Timestamp, moment: Moment) -> (Vec<Alarm>, Vec<Alarm>) {
        let mut all = self.all();
        let is_over = |key: &Key, raised: &mut Raised| match raised.until {
            Some(until) => until < moment,
            None => !conditions.contains_key(key),
        };
        let over: Vec<_> = all.extract_if(.., is_over).filter(|(_, raised)| raised.published).collect();
        let over = over.into_iter().map(|((kind, subject), raised)| raised.alarm(kind, &subject)).collect();
        for (key, message) in conditions {
            let new = || Raised { message: String::new(), since: now, began: moment, until: None, published: false };
            all.entry(key.clone()).or_insert_with(new).message.clone_from(message);
        }
        let is_due = |kind: AlarmKind, raised: &Raised| {
            let hold = match kind {
                AlarmKind::ChallengeUnsendable => HOLD,
                // Most are recorded within the time that an operator waits for the answer.
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

    /// Adds the conditions of this kind as they were at the last look.
    fn carry_over(&self, kind: AlarmKind, conditions: &mut Conditions) {
        for (key, raised) in self.all().iter().filter(|((of, _), _)| *of == kind) {
            conditions.insert(key.clone(), raised.message.clone());
        }
    }

    /// Returns whether it is news; one that is in force already goes on.
    fn add(&self, alarm: &Alarm, moment: Moment) -> bool {
        let key = (alarm.kind, alarm.subject.clone());
        let until = Some(moment.after(SHOWN));
        let mut all = self.all();
        if let Some(raised) = all.get_mut(&key).filter(|raised| raised.message == alarm.message) {
            raised.until = until;
            return false;
        }
        let (message, since) = (alarm.message.clone(), alarm.since);
        all.insert(key, Raised { message, since, began: moment, until, published: true });
        true
    }

    /// Whether challenges without a radio are to be looked for: not again in the same edition of the schedule.
    fn is_new_edition(&self, edition: u64) -> bool {
        let mut looked_in = self.looked_in.lock().unwrap_or_else(PoisonError::into_inner);
        looked_in.replace(edition) != Some(edition)
    }

    fn look_anew(&self) {
        *self.looked_in.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Raised {
    fn alarm(&self, kind: AlarmKind, subject: &str) -> Alarm {
        Alarm { kind, subject: subject.to_owned(), message: self.message.clone(), since: self.since }
    }
}

impl Coordinator {
    /// What a person should look into now.
    #[must_use]
    pub fn alarms(&self) -> Vec<Alarm> {
        self.alarms.in_force()
    }

    /// Raises an alarm for something that has happened.
    pub(crate) fn raise(&self, kind: AlarmKind, subject: &str, message: String) {
        let alarm = Alarm { kind, subject: subject.to_owned(), message, since: self.clock.now() };
        if self.alarms.add(&alarm, self.clock.instant()) {
            self.publish_alarm(alarm, true);
        }
    }

    /// Looks what is wrong, and publishes what has changed since the last look.
    pub(crate) async fn look_for_alarms(&self) -> Result<(), CoreError> {
        let mut conditions = Conditions::new();
        self.silent_runners(&mut conditions);
        self.unrecorded_stop(&mut conditions);
        self.restored(&mut conditions);
        // A database that cannot be read is no reason to keep the other alarms back, nor to end those that are there.
        let read = self.unsendable(&mut conditions).await;
        if read.is_err() {
            self.alarms.look_anew();
            self.alarms.carry_over(AlarmKind::ChallengeUnsendable, &mut conditions);
        }
        let (begun, over) = self.alarms.update(&conditions, self.clock.now(), self.clock.instant());
        for alarm in begun {
            self.publish_alarm(alarm, true);
        }
        for alarm in over {
            self.publish_alarm(alarm, false);
        }
        read
    }

    fn publish_alarm(&self, alarm: Alarm, active: bool) {
        let Alarm { kind, subject, message, .. } = alarm;
        if active {
            tracing::warn!(alarm = kind.as_str(), subject, "{message}");
            self.note(LogLevel::Warning, message.clone());
        } else {
            tracing::info!(alarm = kind.as_str(), subject, "the alarm is over");
            self.note(LogLevel::Info, format!("No longer: {message}"));
        }
        self.events.publish(Event::Alarm { kind, subject, message, active, timestamp: self.clock.now() });
    }

    fn silent_runners(&self, conditions: &mut Conditions) {
        const WAY_OUT: &str = "look at its host and its network; a runner that is meant to be away is to be removed";
        let (now, lease) = (self.clock.instant(), self.rules.lease);
        let mut alarm = |runner: RunnerId, message| {
            conditions.entry((AlarmKind::RunnerSilent, runner.to_string())).or_insert(message);
        };
        // Two of the three heartbeats within a lease are missing.
        let fell_silent = |sign: Moment| sign.after(lease * 2 / 3) < now;
        for runner in self.leases.unrenewed(|expires| expires < now.after(lease / 3)) {
            if self.fleet.last_sign(&runner).is_some_and(fell_silent) {
                let message = format!(
                    "Runner {runner} fell silent during a transmission. Its carrier goes off by itself when its lease is \
                     over, and the challenge goes to others: {WAY_OUT}"
                );
                alarm(runner, message);
            }
        }
        // While the server was down, none could be heard.
        if now < self.started.after(self.silence()) {
            return;
        }
        for runner in self.fleet.silent(|sign| self.is_silent(sign)) {
            let message = format!("Runner {runner} fell silent: {WAY_OUT}");
            alarm(runner, message);
        }
    }

    fn restored(&self, conditions: &mut Conditions) {
        if self.aftermath.is_on(self.clock.instant()) {
            let message = format!(
                "A backup was restored, and nothing goes on air for {} s after the start: what was on air before may still \
                 be, until its leases are over. It goes on by itself",
                (self.rules.lease + self.rules.grace).as_secs()
            );
            conditions.insert((AlarmKind::Restored, String::new()), message);
        }
    }

    fn unrecorded_stop(&self, conditions: &mut Conditions) {
        if self.latch.is_set() {
            let restart = match self.latch.unkept() {
                None => "also over a restart".to_owned(),
                Some(unkept) => format!("but a restart would forget it ({unkept})"),
            };
            let message = format!(
                "The emergency stop in force is not recorded, since the database does not take it; it stays in force, \
                 {restart}. Look at the disk, and at what has the database locked"
            );
            conditions.insert((AlarmKind::StopUnrecorded, String::new()), message);
        }
    }

    async fn unsendable(&self, conditions: &mut Conditions) -> Result<(), CoreError> {
        let (edition, outlook) = self.outlook().await?;
        if !self.alarms.is_new_edition(edition) {
            self.alarms.carry_over(AlarmKind::ChallengeUnsendable, conditions);
            return Ok(());
        }
        let radios = self.fleet.capabilities(&outlook.bound);
        let reaches = |candidate: &Candidate, radio: &Capability| {
            candidate.may_go_on(radio) && radio.reaches(&candidate.tuning, candidate.offsets)
        };
        let lost = outlook.candidates.iter().filter(|it| !radios.iter().any(|radio| reaches(it, radio)));
        let lost: HashSet<i64> = lost.map(|candidate| candidate.id).collect();
        if lost.is_empty() {
            return Ok(());
        }
        let why = if radios.is_empty() {
            "no runner is registered and enabled: start one"
        } else {
            "their frequency and bandwidth are outside the limits and rates of all registered radios that may send them: \
             change them, or only_on, or give a radio other frequency_limits"
        };
        let challenges = self.challenges().await?;
        let names = challenges.iter().filter(|it| lost.contains(&it.id)).map(|it| it.spec.name.as_str());
        if radios.is_empty() || lost.len() > MAX_NAMED {
            let some: Vec<_> = names.take(MAX_NAMED).collect();
            let message = format!("{} challenges cannot go on air, such as {}: {why}", lost.len(), some.join(", "));
            conditions.insert((AlarmKind::ChallengeUnsendable, String::new()), message);
            return Ok(());
        }
        for name in names {
            let message = format!("Challenge {name} cannot go on air: {why}");
            conditions.insert((AlarmKind::ChallengeUnsendable, name.to_owned()), message);
        }
        Ok(())
    }
}
