//! Presence, in memory: the registered runners, their radios, and when each was last heard of.

use crate::clock::{Clock, Moment};
use crate::schedule::Capability;
use crate::store::challenges::ranges::RangeBands;
use crate::store::fleet::runners as store;
use crate::store::fleet::runners::Radio;
use challengectl_common::wire::{EngineSilence, FailedRadio};
use challengectl_common::{EngineId, RunnerId, Sender, Timestamp};
use parking_lot::{Mutex, MutexGuard};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

/// A runner that has registered and not signed out.
#[derive(Debug, Default)]
struct Present {
    /// Whether it has registered since the server started.
    registered: bool,
    radios: Arc<[Radio]>,
    /// Its radios that fail and take no work.
    failed: Vec<FailedRadio>,
    /// Whether it is disabled, so that it gets no work.
    disabled: bool,
    /// Whether it works on one task at a time, so that a poll means that it has none.
    single_task: bool,
    heard: Option<Heard>,
    /// When its clusters have last answered, as far as it is not yet in the database.
    answers: Vec<(EngineId, Timestamp)>,
    /// By how many milliseconds its clock is ahead of the server's.
    clock_ahead: Option<i64>,
    /// Whether it was silent at the last check.
    silent: bool,
    unwritten: bool,
    /// The number of polls that wait now.
    waiting: usize,
    polled: Option<Moment>,
    /// The last poll that found nothing for it.
    idle: Option<Idle>,
}

impl Present {
    fn is_silent(&self, is_silent: impl Fn(Moment) -> bool) -> bool {
        self.heard.is_none_or(|heard| is_silent(heard.moment))
    }
}

/// A sign of life: the time of day for people, the moment for the server.
#[derive(Debug, Clone, Copy)]
struct Heard {
    at: Timestamp,
    moment: Moment,
}

impl Heard {
    fn now(clock: &Clock) -> Self {
        Self { at: clock.now(), moment: clock.instant() }
    }

    /// Returns a sign of life from before the server's start. If the clock was set back since, it counts as just now.
    fn before(at: Timestamp, clock: &Clock) -> Self {
        Self { at, moment: clock.instant().before(clock.now().since(at)) }
    }
}

/// A poll at `since` found nothing in this revision; there may be something at `until`.
#[derive(Debug, Clone, Copy)]
struct Idle {
    revision: u64,
    since: Timestamp,
    until: Option<Timestamp>,
}

/// The registered runners, and the capabilities of those that poll.
#[derive(Debug)]
pub struct Presence {
    /// All registered runners. Held for look-ups and changes in memory only.
    runners: Mutex<HashMap<RunnerId, Present>>,
    /// The capabilities of polling runners, as of the last [`Presence::look_around`].
    attentive: Mutex<Arc<[Capability]>>,
}

impl Presence {
    pub fn new(present: Vec<store::Present>, radios: Vec<Radio>, clock: &Clock) -> Self {
        let mut by_runner: HashMap<RunnerId, Vec<Radio>> = HashMap::new();
        for radio in radios {
            by_runner.entry(radio.runner_id.clone()).or_default().push(radio);
        }
        let runners = present
            .into_iter()
            .map(|one| {
                let radios = by_runner.remove(&one.id).unwrap_or_default().into();
                let heard = one.last_heartbeat.map(|at| Heard::before(at, clock));
                let (disabled, single_task) = (!one.enabled, one.single_task);
                (one.id, Present { radios, disabled, single_task, heard, ..Present::default() })
            })
            .collect();
        Self { runners: Mutex::new(runners), attentive: Mutex::default() }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<RunnerId, Present>> {
        self.runners.lock()
    }

    /// Adds a runner that has registered.
    pub fn join(&self, runner: &RunnerId, radios: Vec<Radio>, enabled: bool, single_task: bool, clock: &Clock) {
        let mut all = self.all();
        let present = all.entry(runner.clone()).or_default();
        present.registered = true;
        present.radios = radios.into();
        present.disabled = !enabled;
        present.single_task = single_task;
        present.heard = Some(Heard::now(clock));
        present.idle = None;
    }

    /// Returns whether a runner has registered before the server started, and not since.
    pub fn is_from_before(&self, runner: &RunnerId) -> bool {
        self.all().get(runner).is_some_and(|present| !present.registered)
    }

    /// Sets the radios of a registered runner that fail.
    pub fn set_failed_radios(&self, runner: &RunnerId, failed: Vec<FailedRadio>) {
        if let Some(present) = self.all().get_mut(runner) {
            present.failed = failed;
        }
    }

    /// Returns the failed radios of all present runners.
    pub fn failed_radios(&self) -> Vec<(RunnerId, FailedRadio)> {
        let all = self.all();
        let of = |(id, present): (&RunnerId, &Present)| {
            let named = |radio: &FailedRadio| (id.clone(), radio.clone());
            present.failed.iter().map(named).collect::<Vec<_>>()
        };
        all.iter().flat_map(of).collect()
    }

    /// Enables or disables work for a runner.
    pub fn set_enabled(&self, runner: &RunnerId, enabled: bool) {
        if let Some(present) = self.all().get_mut(runner) {
            present.disabled = !enabled;
            present.idle = None;
        }
    }

    /// Removes a runner that has signed out.
    pub fn leave(&self, runner: &RunnerId) {
        self.all().remove(runner);
    }

    /// Records a sign of life. Returns `false` if the runner is not registered.
    pub fn heard(&self, runner: &RunnerId, clock: &Clock) -> bool {
        let note = |present: &mut Present| (present.heard, present.unwritten) = (Some(Heard::now(clock)), true);
        self.all().get_mut(runner).map(note).is_some()
    }

    /// Records the time of day by a runner's clock.
    pub fn set_clock(&self, runner: &RunnerId, time: Timestamp, clock: &Clock) {
        if let Some(present) = self.all().get_mut(runner) {
            present.clock_ahead = Some(time.as_millis().saturating_sub(clock.now().as_millis()));
        }
    }

    /// Returns by how many milliseconds a runner's clock is ahead of the server's; `None` if it is not known.
    pub fn clock_ahead(&self, runner: &RunnerId) -> Option<i64> {
        self.all().get(runner)?.clock_ahead
    }

    /// Records how long ago the clusters of a runner have answered.
    pub fn hear_engines(&self, runner: &RunnerId, engines: &[EngineSilence], clock: &Clock) {
        if let Some(present) = self.all().get_mut(runner) {
            let answered = |it: &EngineSilence| clock.now().before(Duration::from_secs(it.seconds.into()));
            present.answers = engines.iter().map(|it| (it.engine_id.clone(), answered(it))).collect();
        }
    }

    /// Returns the time of day at which a runner was last heard of.
    pub fn last_heard(&self, runner: &RunnerId) -> Option<Timestamp> {
        self.all().get(runner)?.heard.map(|heard| heard.at)
    }

    /// Returns the moment at which a runner was last heard of; `None` if it has signed out.
    pub fn last_sign(&self, runner: &RunnerId) -> Option<Moment> {
        self.all().get(runner)?.heard.map(|heard| heard.moment)
    }

    /// Returns whether the runner works on one task at a time, so that a poll means that it has none.
    pub fn is_single_task(&self, runner: &RunnerId) -> bool {
        self.all().get(runner).is_some_and(|present| present.single_task)
    }

    /// Returns the radios that may get work; `None` if the runner is disabled or not registered.
    pub fn radios_for_work(&self, runner: &RunnerId) -> Option<Arc<[Radio]>> {
        let all = self.all();
        all.get(runner).filter(|present| !present.disabled).map(|present| Arc::clone(&present.radios))
    }

    /// Returns the registered runners, by name.
    pub fn present(&self) -> Vec<RunnerId> {
        let mut present: Vec<RunnerId> = self.all().keys().cloned().collect();
        present.sort_unstable();
        present
    }

    /// Returns the registered runners that were never heard of, or not for too long.
    pub fn silent(&self, is_silent: impl Fn(Moment) -> bool) -> Vec<RunnerId> {
        let all = self.all();
        all.iter().filter(|(_, present)| present.is_silent(&is_silent)).map(|(id, _)| id.clone()).collect()
    }

    /// Returns the runners that have fallen silent since the last call, or are heard of again.
    pub fn take_turned(&self, is_silent: impl Fn(Moment) -> bool) -> Vec<RunnerId> {
        let mut turned = Vec::new();
        for (id, present) in self.all().iter_mut() {
            let silent = present.is_silent(&is_silent);
            if std::mem::replace(&mut present.silent, silent) != silent {
                turned.push(id.clone());
            }
        }
        turned
    }

    /// Returns the capabilities of all radios of registered, enabled runners, silent or not. `bound` are the radios
    /// that challenges name, `ranges` those of the event.
    pub fn capabilities(&self, bound: &[Sender], ranges: &RangeBands) -> BTreeSet<Capability> {
        let all = self.all();
        let enabled = all.values().filter(|present| !present.disabled);
        enabled.flat_map(|present| present.radios.iter().map(|radio| Capability::among(radio, bound, ranges))).collect()
    }

    /// Returns the signs of life since the last call, for the database.
    pub fn take_heard(&self) -> Vec<(RunnerId, Timestamp)> {
        self.all()
            .iter_mut()
            .filter_map(|(id, present)| {
                let unwritten = std::mem::take(&mut present.unwritten);
                present.heard.filter(|_| unwritten).map(|heard| (id.clone(), heard.at))
            })
            .collect()
    }

    /// Returns when clusters have answered, as far as runners have said so since the last call, for the database.
    pub fn take_answers(&self) -> Vec<(RunnerId, EngineId, Timestamp)> {
        let mut all = self.all();
        let taken = all.iter_mut().flat_map(|(runner, present)| {
            let answers = std::mem::take(&mut present.answers).into_iter();
            answers.map(|(engine, at)| (runner.clone(), engine, at))
        });
        taken.collect()
    }

    /// Returns whether an earlier poll has found that there is nothing for the runner.
    pub fn is_idle(&self, runner: &RunnerId, revision: u64, now: Timestamp) -> bool {
        self.all()
            .get(runner)
            .and_then(|present| present.idle)
            // If the clock was set back since, there may be something.
            .is_some_and(|idle| {
                idle.revision == revision && idle.since <= now && idle.until.is_none_or(|until| now < until)
            })
    }

    /// Records that nothing was found for the runner in this revision; something may be due at `until`.
    pub fn note_idle(&self, runner: &RunnerId, revision: u64, since: Timestamp, until: Option<Timestamp>) {
        if let Some(present) = self.all().get_mut(runner) {
            present.idle = Some(Idle { revision, since, until });
        }
    }

    /// Counts the runner as polling until the returned guard is dropped.
    pub fn attend<'a>(&'a self, runner: &'a RunnerId, clock: &'a Clock) -> Attendance<'a> {
        if let Some(present) = self.all().get_mut(runner) {
            present.waiting += 1;
        }
        Attendance { fleet: self, runner, clock }
    }

    /// Returns the capabilities of polling runners, as of the last [`Presence::look_around`].
    pub fn attentive(&self) -> Arc<[Capability]> {
        Arc::clone(&self.attentive.lock())
    }

    /// Determines which runners poll: those with a waiting poll or a recent one, and those on air. Returns whether
    /// their capabilities have changed.
    pub fn look_around(
        &self,
        lately: impl Fn(Moment) -> bool,
        on_air: &HashSet<&RunnerId>,
        (bound, ranges): (&[Sender], &RangeBands),
    ) -> bool {
        let abilities: BTreeSet<Capability> = self
            .all()
            .iter()
            .filter(|(_, present)| !present.disabled)
            .filter(|(id, present)| present.waiting > 0 || present.polled.is_some_and(&lately) || on_air.contains(id))
            .flat_map(|(_, present)| present.radios.iter().map(|radio| Capability::among(radio, bound, ranges)))
            .collect();
        let mut attentive = self.attentive.lock();
        if attentive.iter().eq(&abilities) {
            return false;
        }
        *attentive = abilities.into_iter().collect();
        true
    }
}

/// A poll in progress.
pub struct Attendance<'a> {
    fleet: &'a Presence,
    runner: &'a RunnerId,
    clock: &'a Clock,
}

impl Drop for Attendance<'_> {
    fn drop(&mut self) {
        if let Some(present) = self.fleet.all().get_mut(self.runner) {
            present.waiting = present.waiting.saturating_sub(1);
            present.polled = Some(self.clock.instant());
        }
    }
}
