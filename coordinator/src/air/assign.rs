//! Assigning: answers polls with tasks.

use super::schedule_view::ScheduleView;
use super::task::Handed;
use crate::air::Air;
use crate::bus::challenge_state::ChallengeState;
use crate::bus::events::Event;
use crate::fleet::lives::Standing;
use crate::schedule::{Capability, Pick, Situation, pick};
use crate::store::air::assignments::NewAssignment;
use crate::store::air::transmissions::Plan;
use crate::store::air::{assignments, transmissions};
use crate::store::challenges::Challenge;
use crate::store::fleet::runners::Radio;
use crate::store::{self, LiveAssignment, challenges};
use crate::{Caller, CoreError};
use challengectl_common::challenge::Kind;
use challengectl_common::wire::Task;
use challengectl_common::{Band, RunnerId, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The answer to a poll.
#[derive(Debug, Default)]
pub struct Polled {
    /// A task for one of the runner's free radios.
    pub task: Option<Task>,
    /// Assignments to stop at once.
    pub abort: Vec<i64>,
}

impl Air {
    /// Assigns work to a polling runner; if there is none, waits for it as long as `wait` says. Returns earlier when
    /// there is something to abort, whatever the state of the database. `held` are the assignments that the runner says
    /// it has; one that it was given beyond those is handed out again, since the answer with it was lost.
    ///
    /// # Errors
    /// [`CoreError::NotRegistered`], [`CoreError::Superseded`].
    pub async fn poll(
        self: &Arc<Self>,
        caller: &Caller,
        wait: Option<Duration>,
        held: Option<Vec<i64>>,
    ) -> Result<Polled, CoreError> {
        self.fleet.hear(caller)?;
        let runner = &caller.runner_id;
        // A client written from the API document alone polls only when it has no task.
        let idle = wait.is_none() && self.fleet.presence.is_single_task(runner);
        let held = held.or_else(|| idle.then(Vec::new));
        let deadline = Instant::now() + wait.unwrap_or_default();
        let _attendance = self.fleet.presence.attend(runner, &self.context.clock);
        let mut news = self.context.revision.subscribe();
        let holds = held.as_deref().unwrap_or_default();
        // An assignment that the runner holds and the server does not know, as after a restore, occupies no frequency
        // here: stop it.
        let unknown = self.leases.unknown(runner, holds);
        if !unknown.is_empty() {
            let abort: Vec<i64> = self.leases.to_abort(runner, holds).0.into_iter().chain(unknown).collect();
            self.leases.notified(runner, &abort);
            return Ok(Polled { task: None, abort });
        }
        loop {
            let task = tokio::select! {
                biased;
                () = self.abort_is_urgent(runner) => Ok(None),
                task = self.try_to_assign(caller, held.as_deref()) => task,
            };
            let (abort, notify_at) = self.leases.to_abort(runner, holds);
            let urgent = notify_at.is_some_and(|notify_at| notify_at <= Instant::now());
            let task = match task {
                // Stopping carriers comes first; the error comes again with the next poll.
                Err(_) if !abort.is_empty() => None,
                task => task?,
            };
            let over = self.context.revision.is_stopping() || !self.is_current(caller) || Instant::now() >= deadline;
            if task.is_some() || urgent || over {
                self.leases.notified(runner, &abort);
                return Ok(Polled { task, abort });
            }
            // After a timeout as well everything is checked again: work may have become due at the deadline.
            let until = notify_at.map_or(deadline, |notify_at| notify_at.min(deadline));
            let _ = tokio::time::timeout_at(until, news.changed()).await;
        }
    }

    /// Returns when the runner has to stop an assignment that no poll has named yet.
    async fn abort_is_urgent(&self, runner: &RunnerId) {
        let mut endings = self.leases.endings();
        while self.leases.to_abort(runner, &[]).1.is_none() {
            // The sender lives as long as the coordinator.
            let _ = endings.changed().await;
        }
    }

    fn is_current(&self, caller: &Caller) -> bool {
        self.fleet.keyring.standing(caller) == Some(Standing::Current)
    }

    async fn try_to_assign(self: &Arc<Self>, caller: &Caller, held: Option<&[i64]>) -> Result<Option<Task>, CoreError> {
        if self.context.revision.is_stopping() || !self.is_current(caller) {
            return Ok(None);
        }
        let lost = held.and_then(|held| self.leases.unheld(&caller.runner_id, &caller.key_id, held));
        if let Some(lost) = lost
            && let Some(handed) = self.hand_out_again(caller, lost).await?
        {
            return Ok(Some(self.task(handed).await));
        }
        if !self.has_work_for(caller).await? {
            return Ok(None);
        }
        let (this, caller) = (Arc::clone(self), caller.clone());
        let handed = self.context.run_to_completion(async move { this.assign(&caller).await }).await?;
        Ok(match handed {
            Some(handed) => Some(self.task(handed).await),
            None => None,
        })
    }

    /// Returns whether there seems to be work, from memory.
    async fn has_work_for(&self, caller: &Caller) -> Result<bool, CoreError> {
        if self.context.revision.is_stopping() || !self.is_current(caller) || self.latch.is_set() {
            return Ok(false);
        }
        let (runner, now) = (&caller.runner_id, self.context.clock.now());
        if self.fleet.presence.is_idle(runner, self.context.revision.current(), now) {
            return Ok(false);
        }
        let (revision, view) = self.schedule_view().await?;
        let found = self.choose(caller, &view, now).is_some();
        if !found {
            self.fleet.presence.note_idle(runner, revision, now, view.next_change(now));
        }
        Ok(found)
    }

    async fn assign(&self, caller: &Caller) -> Result<Option<Handed>, CoreError> {
        let _turn = self.turn.lock().await;
        // Most pollers that waited for the lock find the work gone.
        if !self.has_work_for(caller).await? {
            return Ok(None);
        }
        let now = self.context.clock.now();
        let mut transaction = self.fleet.write_for(caller).await?;
        let view = ScheduleView::load(&mut transaction, &self.context.rules, now).await?;
        let Some((pick, radio)) = self.choose(caller, &view, now) else {
            // The view in memory had work and the database has none: the view is out of date.
            self.context.changed();
            return Ok(None);
        };
        let Some(challenge) = challenges::find(&mut transaction, pick.challenge_id).await? else { return Ok(None) };
        let fence = challenges::start(&mut transaction, challenge.id, now).await?;
        let new = self.assignment(caller, &challenge, &radio, pick, fence, now);
        let id = assignments::insert(&mut transaction, &new).await?;
        transmissions::plan(&mut transaction, plan(id, &new, &challenge, radio.simulated)).await?;
        store::commit(transaction).await?;

        self.leases.insert(&live(id, &new, &challenge), self.context.clock.instant(), self.context.rules.lease);
        if self.latch.is_set() {
            self.leases.abort_all(&[id]);
        }
        self.context.events.publish(assigned(&new, &challenge));
        self.publish_liveness(&new.runner_id);
        self.context.changed();
        tracing::info!(
            challenge = %challenge.spec.name, runner = %new.runner_id, radio = %new.radio_id,
            frequency = %new.frequency, assignment = id, "assigned"
        );
        let (frequency, expires_at) = (new.frequency, new.expires_at);
        let ranges = radio.named(&view.ranges);
        Ok(Some(Handed { assignment_id: id, fence, frequency, expires_at, challenge, radio, ranges }))
    }

    fn choose(&self, caller: &Caller, view: &ScheduleView, now: Timestamp) -> Option<(Pick, Radio)> {
        if !view.operating.is_open(now) || self.latch.is_set() || self.aftermath.is_on(self.context.clock.instant()) {
            return None;
        }
        let radios = self.fleet.presence.radios_for_work(&caller.runner_id)?;
        let free: Vec<&Radio> = radios.iter().filter(|radio| view.is_free(radio, now)).collect();
        let abilities: Vec<Capability> = free.iter().map(|radio| Capability::of(radio, &view.ranges)).collect();
        let situation = Situation {
            candidates: &view.candidates,
            on_air: &view.on_air,
            free: &abilities,
            fleet: &self.fleet.presence.attentive(),
            guard_hz: self.context.rules.guard_hz,
            now,
        };
        let pick = pick(&situation, &mut rand::rng())?;
        free.get(pick.radio).map(|radio| (pick, (*radio).clone()))
    }

    fn assignment(
        &self,
        caller: &Caller,
        challenge: &Challenge,
        radio: &Radio,
        pick: Pick,
        fence: i64,
        now: Timestamp,
    ) -> NewAssignment {
        let band: Band = pick.frequency.band(&challenge.air.profile.occupied);
        NewAssignment {
            challenge_id: challenge.id,
            runner_id: caller.runner_id.clone(),
            radio_id: radio.radio_id.clone(),
            key_id: caller.key_id.clone(),
            fence,
            frequency: pick.frequency,
            band,
            assigned_at: now,
            expires_at: now.after(self.context.rules.lease),
            due_at: challenge.air.due_at,
        }
    }
}

fn plan<'a>(assignment_id: i64, new: &'a NewAssignment, challenge: &'a Challenge, simulated: bool) -> Plan<'a> {
    let Kind::Transmission(transmission) = &challenge.spec.kind;
    Plan {
        assignment_id,
        challenge_id: challenge.id,
        challenge_name: &challenge.spec.name,
        runner_id: &new.runner_id,
        radio_id: &new.radio_id,
        frequency: new.frequency,
        modulation: &transmission.modulation,
        simulated,
        planned_at: new.assigned_at,
    }
}

fn assigned(new: &NewAssignment, challenge: &Challenge) -> Event {
    Event::ChallengeState {
        challenge_id: challenge.id,
        challenge_name: challenge.spec.name.clone(),
        state: ChallengeState::Assigned,
        enabled: challenge.spec.enabled,
        runner_id: Some(new.runner_id.clone()),
        radio_id: Some(new.radio_id.clone()),
        frequency: Some(new.frequency),
        timestamp: new.assigned_at,
    }
}

fn live(id: i64, new: &NewAssignment, challenge: &Challenge) -> LiveAssignment {
    LiveAssignment {
        id,
        challenge_id: new.challenge_id,
        fence: new.fence,
        runner_id: new.runner_id.clone(),
        radio_id: new.radio_id.clone(),
        key_id: new.key_id.clone(),
        band: new.band,
        length: Duration::from_millis(u64::try_from(challenge.air.profile.duration_ms).unwrap_or(0)),
        aborting: false,
    }
}
