//! Leases of live assignments, in memory: renewing one touches no disk.

use crate::clock::Moment;
use crate::store::LiveAssignment;
use challengectl_common::RunnerId;
use challengectl_common::wire::AssignmentProgress;
use parking_lot::{Mutex, MutexGuard};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// How often one assignment is handed out at most: an answer or two may be lost, and a client may crash on its task.
const MAX_HANDED: u32 = 3;
/// The progress of an assignment is published at most this often.
const PROGRESS_PERIOD: Duration = Duration::from_secs(1);
/// When an abort is repeated to a runner that still holds the assignment: the answer may be lost, and carriers have to
/// be off within a second or two.
const NOTIFY_AGAIN_PERIOD: Duration = Duration::from_millis(500);
/// When ending an assignment is tried again after a failure; such an assignment is damaged, mostly for good.
const END_AGAIN_PERIOD: Duration = Duration::from_secs(60);

/// The lease of a live assignment: the state beyond its row.
#[derive(Debug, Clone)]
struct Lease {
    fence: i64,
    key_id: String,
    expires: Moment,
    /// How long the signal lasts.
    length: Duration,
    /// The end of renewals by heartbeats that name no assignment: a client that only says that it is alive is believed
    /// no longer than its task can take.
    limit: Moment,
    /// When it was last handed out, and how many times.
    handed: (Moment, u32),
    /// Whether renewal is over: the carrier has to go off, or the lease has run out.
    ending: bool,
    /// Why the lease is ending, if not because it ran out.
    reason: Option<&'static str>,
    /// When a poll last notified the runner of the abort; the answer may have been lost. Polls that return at once
    /// again and again would only keep both sides busy.
    notified: Option<Instant>,
    /// When ending it last failed.
    failed: Option<Instant>,
    unwritten: bool,
    challenge_id: i64,
    progress: Option<f64>,
    /// The progress that was last published, and when.
    progress_published: Option<(f64, Moment)>,
}

/// The progress of one transmission.
#[derive(Debug, PartialEq)]
pub struct Progress {
    pub assignment_id: i64,
    pub challenge_id: i64,
    /// 0 to 1.
    pub progress: f64,
}

/// All live leases, by runner.
#[derive(Debug, Default)]
pub struct Leases {
    all: Mutex<HashMap<RunnerId, BTreeMap<i64, Lease>>>,
    /// Notified when a lease has to end. Separate from the revision, so that each of these wakes a waiting poll once.
    endings: watch::Sender<()>,
}

/// The effect of a heartbeat on a runner's leases.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Renewal {
    pub renewed: Vec<i64>,
    pub abort: Vec<i64>,
}

/// A lease whose time and grace are over.
#[derive(Debug, PartialEq, Eq)]
pub struct Lapsed {
    pub runner: RunnerId,
    pub assignment_id: i64,
    pub reason: &'static str,
}

impl Leases {
    /// Returns the leases of `live`, each for a whole `lease` from `now` on.
    pub fn new(live: Vec<LiveAssignment>, now: Moment, lease: Duration) -> Self {
        let leases = Self::default();
        for assignment in live {
            leases.insert(&assignment, now, lease);
        }
        leases
    }

    fn all(&self) -> MutexGuard<'_, HashMap<RunnerId, BTreeMap<i64, Lease>>> {
        self.all.lock()
    }

    /// Subscribes to notifications of leases that have to end.
    pub fn endings(&self) -> watch::Receiver<()> {
        self.endings.subscribe()
    }

    pub fn insert(&self, assignment: &LiveAssignment, now: Moment, lease: Duration) {
        let lease = Lease {
            fence: assignment.fence,
            key_id: assignment.key_id.clone(),
            expires: now.after(lease),
            length: assignment.length,
            limit: now.after(assignment.length + lease),
            handed: (now, 1),
            ending: assignment.aborting,
            reason: None,
            notified: None,
            failed: None,
            unwritten: true,
            challenge_id: assignment.challenge_id,
            progress: None,
            progress_published: None,
        };
        self.all().entry(assignment.runner_id.clone()).or_default().insert(assignment.id, lease);
    }

    pub fn remove(&self, runner: &RunnerId, assignment_id: i64) {
        let mut all = self.all();
        if let Some(leases) = all.get_mut(runner) {
            leases.remove(&assignment_id);
            if leases.is_empty() {
                all.remove(runner);
            }
        }
    }

    /// Renews the leases that a runner names. A heartbeat that names none renews all of the runner's, up to the limit
    /// of each.
    pub fn renew(&self, runner: &RunnerId, named: Option<&[AssignmentProgress]>, expires: Moment) -> Renewal {
        let mut all = self.all();
        let mut none = BTreeMap::new();
        let leases = all.get_mut(runner).unwrap_or(&mut none);
        let mut renewal = Renewal::default();
        match named {
            None => {
                for (&id, lease) in leases.iter_mut().filter(|(_, lease)| !lease.ending) {
                    lease.renew(expires.min(lease.limit));
                    renewal.renewed.push(id);
                }
            }
            Some(named) => {
                for report in named {
                    match leases.get_mut(&report.assignment_id) {
                        Some(lease) if lease.fence == report.fence && !lease.ending => {
                            lease.renew(expires);
                            lease.progress =
                                report.progress.filter(|part| (0.0..=1.0).contains(part)).or(lease.progress);
                            renewal.renewed.push(report.assignment_id);
                        }
                        _ => renewal.abort.push(report.assignment_id),
                    }
                }
            }
        }
        renewal.abort.extend(leases.iter().filter(|(_, lease)| lease.ending).map(|(id, _)| *id));
        renewal.abort.sort_unstable();
        renewal.abort.dedup();
        renewal
    }

    /// Returns the runners of leases that are not ending and run out before `limit`.
    pub fn unrenewed(&self, limit: impl Fn(Moment) -> bool) -> BTreeSet<RunnerId> {
        let all = self.all();
        let unrenewed = |leases: &BTreeMap<i64, Lease>| leases.values().any(|it| !it.ending && limit(it.expires));
        all.iter().filter(|(_, leases)| unrenewed(leases)).map(|(runner, _)| runner.clone()).collect()
    }

    /// Returns whether the carrier of an assignment has to go off.
    pub fn is_ending(&self, runner: &RunnerId, assignment_id: i64) -> bool {
        self.all().get(runner).and_then(|leases| leases.get(&assignment_id)).is_some_and(|lease| lease.ending)
    }

    /// Returns whether a runner has a lease.
    pub fn any_of(&self, runner: &RunnerId) -> bool {
        self.all().contains_key(runner)
    }

    /// Returns the progress of a runner's transmissions that has changed since it was last published; of each at most
    /// once in [`PROGRESS_PERIOD`], however often the runner reports.
    pub fn take_progress(&self, runner: &RunnerId, now: Moment) -> Vec<Progress> {
        let mut all = self.all();
        let Some(leases) = all.get_mut(runner) else { return Vec::new() };
        let mut news = Vec::new();
        for (&assignment_id, lease) in leases.iter_mut() {
            let Some(progress) = lease.progress else { continue };
            if lease.progress_published.is_some_and(|(part, at)| part == progress || at.after(PROGRESS_PERIOD) > now) {
                continue;
            }
            lease.progress_published = Some((progress, now));
            news.push(Progress { assignment_id, challenge_id: lease.challenge_id, progress });
        }
        news
    }

    /// Returns what a runner has to stop, and when to notify it; `None` if it has been notified. An assignment that it
    /// still holds is named again after [`NOTIFY_AGAIN_PERIOD`].
    pub fn to_abort(&self, runner: &RunnerId, held: &[i64]) -> (Vec<i64>, Option<Instant>) {
        let all = self.all();
        let ending = || all.get(runner).into_iter().flatten().filter(|(_, lease)| lease.ending);
        let notify_at = |(id, lease): (&i64, &Lease)| match lease.notified {
            None => Some(Instant::now()),
            Some(notified) => held.contains(id).then(|| notified + NOTIFY_AGAIN_PERIOD),
        };
        (ending().map(|(id, _)| *id).collect(), ending().filter_map(notify_at).min())
    }

    pub fn notified(&self, runner: &RunnerId, ids: &[i64]) {
        let mut all = self.all();
        let Some(leases) = all.get_mut(runner) else { return };
        for (_, lease) in leases.iter_mut().filter(|(id, _)| ids.contains(id)) {
            lease.notified = Some(Instant::now());
        }
    }

    /// Returns the part of an assignment that has been on air, as its runner last reported.
    pub fn progress(&self, runner: &RunnerId, assignment_id: i64) -> Option<f64> {
        self.all().get(runner)?.get(&assignment_id)?.progress
    }

    pub fn abort_of_runner(&self, runner: &RunnerId) {
        self.abort_where(|owner, _| owner == runner);
    }

    /// Marks all leases as ending. Returns how many there are.
    pub fn abort_everything(&self) -> usize {
        self.abort_where(|_, _| true);
        self.count()
    }

    /// Marks leases as ending, by decisions that are in the database; none is ever taken back.
    pub fn abort_all(&self, ids: &[i64]) {
        self.abort_where(|_, id| ids.contains(&id));
    }

    fn abort_where(&self, concerns: impl Fn(&RunnerId, i64) -> bool) {
        for (runner, leases) in self.all().iter_mut() {
            for (_, lease) in leases.iter_mut().filter(|(id, _)| concerns(runner, **id)) {
                lease.ending = true;
            }
        }
        self.endings.send_replace(());
    }

    /// Marks the leases that ran out before `limit` as ending, and returns them. None of them can be renewed from now
    /// on, so that no runner is told that a lease goes on while its frequency is given to another. Leases that could
    /// not be ended are returned again after [`END_AGAIN_PERIOD`].
    pub fn take_expired(&self, limit: impl Fn(Moment) -> bool) -> Vec<Lapsed> {
        let mut expired = Vec::new();
        let is_due = |lease: &Lease| lease.failed.is_none_or(|failed| failed.elapsed() >= END_AGAIN_PERIOD);
        for (runner, leases) in self.all().iter_mut() {
            let over = leases.iter_mut().filter(|(_, lease)| limit(lease.expires) && is_due(lease));
            for (&assignment_id, lease) in over {
                lease.ending = true;
                let reason = lease.reason.unwrap_or("the lease ran out");
                expired.push(Lapsed { runner: runner.clone(), assignment_id, reason });
            }
        }
        if !expired.is_empty() {
            self.endings.send_replace(());
        }
        expired
    }

    /// Records that an assignment whose lease is over could not be ended.
    pub fn not_ended(&self, lapsed: &Lapsed) {
        let mut all = self.all();
        if let Some(lease) = all.get_mut(&lapsed.runner).and_then(|leases| leases.get_mut(&lapsed.assignment_id)) {
            lease.failed = Some(Instant::now());
        }
    }

    /// Marks the leases that a runner has by this key and does not name as ending, and returns them: none can be
    /// renewed any more. They stay until their end is reported or their time is over, since a request that was delayed
    /// on its way may name less than is on air.
    pub fn end_unnamed(&self, runner: &RunnerId, key_id: &str, named: &[i64], reason: &'static str) -> Vec<i64> {
        let mut all = self.all();
        let Some(leases) = all.get_mut(runner) else { return Vec::new() };
        let mut unnamed = Vec::new();
        for (&id, lease) in leases.iter_mut().filter(|(_, lease)| !lease.ending) {
            if lease.key_id == key_id && !named.contains(&id) {
                lease.ending = true;
                lease.reason = Some(reason);
                unnamed.push(id);
            }
        }
        drop(all);
        self.endings.send_replace(());
        unnamed
    }

    /// Returns an assignment that was handed out to a runner with this key and that it does not hold: the answer was
    /// lost.
    pub fn unheld(&self, runner: &RunnerId, key_id: &str, held: &[i64]) -> Option<i64> {
        let all = self.all();
        let mut leases = all.get(runner)?.iter();
        leases.find(|(id, lease)| !lease.ending && lease.key_id == key_id && !held.contains(id)).map(|(id, _)| *id)
    }

    /// Begins the lease of an assignment anew, as if it had just been handed out. Returns `false` if its carrier has to
    /// go off: a runner that was given it [`MAX_HANDED`] times will not take it, and others wait for it.
    pub fn begin_anew(&self, runner: &RunnerId, assignment_id: i64, now: Moment, duration: Duration) -> bool {
        let mut all = self.all();
        let lease = all.get_mut(runner).and_then(|leases| leases.get_mut(&assignment_id));
        let Some(lease) = lease.filter(|lease| !lease.ending) else { return false };
        if lease.handed.1 >= MAX_HANDED {
            lease.ending = true;
            lease.reason = Some("the runner was given it again and again, and did not take it up");
            self.endings.send_replace(());
            return false;
        }
        lease.renew(now.after(duration));
        lease.limit = now.after(lease.length + duration);
        lease.handed = (now, lease.handed.1 + 1);
        true
    }

    /// Returns whether an assignment was handed out again so recently that a report without an id may belong to the
    /// time before.
    pub fn may_be_of_before(&self, runner: &RunnerId, assignment_id: i64, now: Moment) -> bool {
        let all = self.all();
        let lease = all.get(runner).and_then(|leases| leases.get(&assignment_id));
        lease.is_some_and(|lease| lease.handed.1 > 1 && now < lease.handed.0.after(lease.length))
    }

    /// Returns the number of leases.
    pub fn count(&self) -> usize {
        self.all().values().map(BTreeMap::len).sum()
    }

    /// Returns whether all of these have a lease.
    pub fn hold(&self, live: &[LiveAssignment]) -> bool {
        let all = self.all();
        live.iter().all(|it| all.get(&it.runner_id).is_some_and(|leases| leases.contains_key(&it.id)))
    }

    /// Adds leases for assignments that are live in the database and have none, as when a commit took effect although
    /// it was reported as failed. Whether their carriers are on is unknown: they are aborted, and their frequencies
    /// stay occupied until their leases would be over.
    pub fn take_up_lost(&self, live: &[LiveAssignment], now: Moment, lease: Duration) -> Vec<i64> {
        let is_lost =
            |it: &&LiveAssignment| self.all().get(&it.runner_id).is_none_or(|leases| !leases.contains_key(&it.id));
        let lost: Vec<_> = live.iter().filter(is_lost).collect();
        for assignment in &lost {
            self.insert(&LiveAssignment { aborting: true, ..(*assignment).clone() }, now, lease);
        }
        if !lost.is_empty() {
            self.endings.send_replace(());
        }
        lost.into_iter().map(|assignment| assignment.id).collect()
    }

    /// Returns which of these assignments this runner has no lease of.
    pub fn unknown(&self, runner: &RunnerId, held: &[i64]) -> Vec<i64> {
        let all = self.all();
        held.iter().filter(|id| all.get(runner).is_none_or(|leases| !leases.contains_key(id))).copied().collect()
    }

    /// Returns which of these assignments a runner must not go on with.
    pub fn foreign(&self, runner: &RunnerId, named: &[i64]) -> Vec<i64> {
        let all = self.all();
        let own = |id: &i64| all.get(runner).and_then(|leases| leases.get(id)).is_some_and(|lease| !lease.ending);
        named.iter().filter(|id| !own(id)).copied().collect()
    }

    /// Returns the leases renewed since the last call, for the database.
    pub fn take_renewed(&self) -> Vec<(i64, Moment)> {
        let mut renewed = Vec::new();
        for leases in self.all().values_mut() {
            for (&id, lease) in leases.iter_mut().filter(|(_, lease)| lease.unwritten) {
                lease.unwritten = false;
                renewed.push((id, lease.expires));
            }
        }
        renewed
    }
}

impl Lease {
    fn renew(&mut self, expires: Moment) {
        self.expires = self.expires.max(expires);
        self.unwritten = true;
    }
}

#[cfg(test)]
mod tests;
