//! Looks for conditions that a person should look into.

use crate::CoreError;
use crate::bus::alarms::{AlarmKind, Conditions};
use crate::clock::Moment;
use crate::maintenance::Maintenance;
use crate::schedule::Obstacle;
use challengectl_common::RunnerId;
use challengectl_common::wire::FailedRadio;
use std::collections::{BTreeMap, BTreeSet};

/// Beyond this number, challenges without a radio are one alarm: they have one cause.
const MAX_NAMED: usize = 10;

impl Maintenance {
    /// Determines the alarms, and publishes those that have begun or ended since the last check.
    pub(crate) async fn look_for_alarms(&self) -> Result<(), CoreError> {
        let mut conditions = Conditions::new();
        self.silent_runners(&mut conditions);
        self.failed_radios(&mut conditions);
        self.unrecorded_stop(&mut conditions);
        self.restored(&mut conditions);
        // A database that cannot be read must not delay the other alarms, or end those in force.
        let read = self.unsendable(&mut conditions).await;
        if read.is_err() {
            self.context.alarms.look_anew();
            self.context.alarms.carry_over(AlarmKind::ChallengeUnsendable, &mut conditions, |_| true);
        }
        let (begun, over) =
            self.context.alarms.update(&conditions, self.context.clock.now(), self.context.clock.instant());
        for alarm in begun {
            self.context.publish_alarm(alarm, true);
        }
        for alarm in over {
            self.context.publish_alarm(alarm, false);
        }
        read
    }

    fn silent_runners(&self, conditions: &mut Conditions) {
        const WAY_OUT: &str = "check its host and its network; remove a runner that is away for good";
        let (now, lease) = (self.context.clock.instant(), self.context.rules.lease);
        let mut alarm = |runner: RunnerId, message| {
            conditions.entry((AlarmKind::RunnerSilent, runner.to_string())).or_insert(message);
        };
        // Two of the three heartbeats within a lease are missing.
        let fell_silent = |sign: Moment| sign.after(lease * 2 / 3) < now;
        for runner in self.air.leases.unrenewed(|expires| expires < now.after(lease / 3)) {
            if self.fleet.presence.last_sign(&runner).is_some_and(fell_silent) {
                let message = format!(
                    "Runner {runner} fell silent during a transmission. Its carrier goes off by itself when its lease is \
                     over, and the challenge goes to others: {WAY_OUT}"
                );
                alarm(runner, message);
            }
        }
        // While the server was down, no runner could be heard: only those that were silent before are so still.
        if now < self.context.started.after(self.fleet.silence()) {
            let silent = self.fleet.presence.silent(fell_silent);
            let is_silent = |subject: &str| silent.iter().any(|runner| runner.as_str() == subject);
            self.context.alarms.carry_over(AlarmKind::RunnerSilent, conditions, is_silent);
            return;
        }
        for runner in self.fleet.presence.silent(|sign| self.fleet.is_silent(sign)) {
            let message = format!("Runner {runner} fell silent: {WAY_OUT}");
            alarm(runner, message);
        }
    }

    fn failed_radios(&self, conditions: &mut Conditions) {
        for (runner, FailedRadio { id, reason }) in self.fleet.presence.failed_radios() {
            let message = format!(
                "Radio {id} of runner {runner} fails, and takes no work: {reason}. The runner tries it again by itself"
            );
            conditions.insert((AlarmKind::RadioFailed, format!("{runner}/{id}")), message);
        }
        // After a restart of the server, a runner names its failed radios again when it registers next.
        let has_not_said = |subject: &str| {
            let runner = subject.split_once('/').and_then(|(runner, _)| RunnerId::new(runner).ok());
            runner.is_some_and(|runner| self.fleet.presence.is_from_before(&runner))
        };
        self.context.alarms.carry_over(AlarmKind::RadioFailed, conditions, has_not_said);
    }

    fn restored(&self, conditions: &mut Conditions) {
        if self.air.aftermath.is_on(self.context.clock.instant()) {
            let message = format!(
                "A backup was restored, and nothing goes on air for {} s after the start: what was on air before may still \
                 be, until its leases are over. It goes on by itself",
                (self.context.rules.lease + self.context.rules.grace).as_secs()
            );
            conditions.insert((AlarmKind::Restored, String::new()), message);
        }
    }

    fn unrecorded_stop(&self, conditions: &mut Conditions) {
        if self.air.latch.is_set() {
            let restart = match self.air.latch.unkept() {
                None => "also over a restart".to_owned(),
                Some(unkept) => format!("but a restart would lose it ({unkept})"),
            };
            let message = format!(
                "The emergency stop in force is not recorded, since the database does not take it; it stays in force, \
                 {restart}. Look at the disk, and at what has the database locked"
            );
            conditions.insert((AlarmKind::StopUnrecorded, String::new()), message);
        }
    }

    async fn unsendable(&self, conditions: &mut Conditions) -> Result<(), CoreError> {
        let (revision, view) = self.air.schedule_view().await?;
        if !self.context.alarms.is_new_revision(revision) {
            self.context.alarms.carry_over(AlarmKind::ChallengeUnsendable, conditions, |_| true);
            return Ok(());
        }
        let radios = self.fleet.presence.capabilities(&view.bound, &view.ranges);
        let lost: BTreeMap<i64, Obstacle> =
            view.candidates.iter().filter_map(|it| Some((it.id, Obstacle::of(&it.signal, &radios)?))).collect();
        if lost.is_empty() {
            return Ok(());
        }
        let challenges = self.challenges.all().await?;
        let named = challenges.iter().filter_map(|it| Some((it.spec.name.as_str(), lost.get(&it.id)?)));
        if radios.is_empty() || lost.len() > MAX_NAMED {
            let some: Vec<_> = named.take(MAX_NAMED).map(|(name, _)| name).collect();
            let obstacles: BTreeSet<_> = lost.values().collect();
            let why: Vec<_> = obstacles.into_iter().map(ToString::to_string).collect();
            let message = format!(
                "{} challenges cannot go on air, such as {}: {}",
                lost.len(),
                some.join(", "),
                why.join("; or ")
            );
            conditions.insert((AlarmKind::ChallengeUnsendable, String::new()), message);
            return Ok(());
        }
        for (name, why) in named {
            let message = format!("Challenge {name} cannot go on air: {why}");
            conditions.insert((AlarmKind::ChallengeUnsendable, name.to_owned()), message);
        }
        Ok(())
    }
}
