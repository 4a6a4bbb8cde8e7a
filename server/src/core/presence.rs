//! Runners that come, stay and go.

use super::alarms::AlarmKind;
use super::events::Event;
use super::lives::{self, Admission, Standing};
use super::{Caller, Coordinator, CoreError};
use crate::store::keys::Registered;
use crate::store::runners::Radio;
use crate::store::{self, Transaction, assignments, keys, runners};
use challengectl_common::wire::{AssignmentProgress, Intervals, LogLevel, RadioInfo, RegisterRequest, SOLE_RADIO};
use challengectl_common::{RadioId, RunnerId};
use std::collections::HashSet;
use std::sync::Arc;

const MOST_RADIOS: usize = 64;
/// No radio is as fast.
const HIGHEST_RATE: u64 = 1_000_000_000_000;
const MOST_LIMITS: usize = 256;
const LONGEST_TEXT: usize = 255;

/// The answer to a runner that registers.
#[derive(Debug)]
pub struct Registration {
    /// How the server wants to hear from it.
    pub intervals: Intervals,
    /// Assignments it named that are no longer its own.
    pub abort: Vec<i64>,
}

/// The answer to a heartbeat.
#[derive(Debug)]
pub struct Heartbeat {
    /// How the server wants to hear from the runner.
    pub intervals: Intervals,
    /// Assignments whose lease runs anew.
    pub renewed: Vec<i64>,
    /// Assignments to stop at once.
    pub abort: Vec<i64>,
}

impl Coordinator {
    /// Registers a runner with its radios. When it says what it holds, everything else it had has to go off the air.
    ///
    /// # Errors
    /// [`CoreError::Invalid`] when the radios are invalid, [`CoreError::Superseded`] when a later life of the runner is at
    /// work.
    pub async fn register(
        self: &Arc<Self>,
        caller: &Caller,
        request: RegisterRequest,
    ) -> Result<Registration, CoreError> {
        check_texts(&request)?;
        let radios = radios(&request)?;
        let (this, caller) = (Arc::clone(self), caller.clone());
        self.undisturbed(async move { this.take_in(&caller, &radios, request).await }).await
    }

    async fn take_in(
        &self,
        caller: &Caller,
        radios: &[RadioInfo],
        request: RegisterRequest,
    ) -> Result<Registration, CoreError> {
        let (runner, now) = (&caller.runner_id, self.clock.now());
        // What is being handed out right now must have its lease in memory, or it would not be found there.
        let _turn = self.turn.lock().await;
        let mut transaction = self.write_for(caller).await?;
        let registered = Registered { life: caller.life, registration: caller.registration };
        let named = request.assignments.as_deref();
        match lives::admit(self.keyring.registered(caller), registered, self.is_gone(runner)) {
            Admission::Current => {}
            Admission::Stale => return Ok(self.registration(runner, named)),
            Admission::Superseded => return Err(self.superseded(caller)),
        }
        let host = (request.hostname.as_deref(), request.version.as_deref());
        let single_task = named.is_none() && radios.len() == 1;
        let enabled = runners::register(&mut transaction, runner, radios, host, single_task, now).await?;
        // Removed by an operator just now.
        let enabled = enabled.ok_or_else(|| CoreError::NotRegistered(runner.clone()))?;
        keys::set_registered(&mut transaction, &caller.key_id, registered).await?;
        if let Some(named) = named {
            // By another key the assignment may be at work on another host, which has not said that it is not.
            let idle = self.leases.end_unnamed(runner, &caller.key_id, named, "the runner no longer holds it");
            assignments::abort(&mut transaction, &idle, now).await?;
        }
        store::commit(transaction).await?;
        self.keyring.set_registered(caller, registered);
        let radios: Vec<_> = radios.iter().map(|radio| known_radio(runner, radio)).collect();
        tracing::info!(%runner, radios = radios.len(), "registered");
        self.fleet.join(runner, radios, enabled, single_task, &self.clock);
        self.publish_liveness(runner);
        self.changed();
        self.note(LogLevel::Info, format!("Runner {runner} registered successfully"));
        Ok(self.registration(runner, named))
    }

    fn registration(&self, runner: &RunnerId, named: Option<&[i64]>) -> Registration {
        let abort = self.leases.foreign(runner, named.unwrap_or_default());
        Registration { intervals: self.rules.intervals(), abort }
    }

    /// Whether a runner has signed out, or has been silent for so long that whatever it had on air is off.
    fn is_gone(&self, runner: &RunnerId) -> bool {
        let over = self.rules.lease + self.rules.grace;
        self.fleet.last_sign(runner).is_none_or(|sign| sign.after(over) < self.clock.instant())
    }

    /// Records a sign of life from the runner's current life.
    ///
    /// # Errors
    /// [`CoreError::NotRegistered`], and [`CoreError::Superseded`] when a later life of the runner has registered.
    pub(super) fn hear(&self, caller: &Caller) -> Result<(), CoreError> {
        match self.keyring.standing(caller) {
            None => Err(CoreError::Key("the key is unknown or revoked")),
            Some(Standing::Superseded) => Err(self.superseded(caller)),
            Some(Standing::Current) if self.fleet.heard(&caller.runner_id, &self.clock) => Ok(()),
            Some(Standing::Current | Standing::Unknown) => Err(CoreError::NotRegistered(caller.runner_id.clone())),
        }
    }

    fn superseded(&self, caller: &Caller) -> CoreError {
        let runner = &caller.runner_id;
        if self.keyring.is_second_copy(caller, self.clock.instant()) {
            let message = format!(
                "Runner {runner} runs twice: a copy that was started earlier is still there, and gets no work. End one of \
                 them, or enrol it under another name"
            );
            self.raise(AlarmKind::RunnerTwice, runner.as_str(), message);
        }
        CoreError::Superseded(runner.clone())
    }

    /// Records that a runner is alive and renews the leases it names; all it has when it names none. Touches no disk.
    ///
    /// # Errors
    /// [`CoreError::NotRegistered`], [`CoreError::Superseded`].
    pub fn heartbeat(&self, caller: &Caller, named: Option<&[AssignmentProgress]>) -> Result<Heartbeat, CoreError> {
        self.hear(caller)?;
        let expires = self.clock.instant().after(self.rules.lease);
        let renewal = self.leases.renew(&caller.runner_id, named, expires);
        self.tell_progress(&caller.runner_id);
        Ok(Heartbeat { intervals: self.rules.intervals(), renewed: renewal.renewed, abort: renewal.abort })
    }

    fn tell_progress(&self, runner: &RunnerId) {
        for news in self.leases.take_progress(runner, self.clock.instant()) {
            self.events.publish(Event::Progress {
                assignment_id: news.assignment_id,
                challenge_id: news.challenge_id,
                runner_id: runner.clone(),
                progress: news.progress,
                timestamp: self.clock.now(),
            });
        }
    }

    /// Signs a runner out. What it still had is to go off the air, and is given to others when its lease is over: the
    /// request may be a repetition, and its carriers on. From an earlier life it changes nothing.
    ///
    /// # Errors
    /// When the database cannot be written to.
    pub async fn sign_out(self: &Arc<Self>, caller: &Caller) -> Result<(), CoreError> {
        let (this, caller) = (Arc::clone(self), caller.clone());
        self.undisturbed(async move { this.let_go(&caller).await }).await
    }

    async fn let_go(&self, caller: &Caller) -> Result<(), CoreError> {
        let (runner, now) = (&caller.runner_id, self.clock.now());
        let _turn = self.turn.lock().await;
        let mut transaction = self.write_for(caller).await?;
        if self.keyring.standing(caller) != Some(Standing::Current) {
            return Ok(());
        }
        runners::sign_out(&mut transaction, runner).await?;
        let left = self.leases.end_unnamed(runner, &caller.key_id, &[], "the runner signed out");
        assignments::abort(&mut transaction, &left, now).await?;
        store::commit(transaction).await?;
        self.fleet.leave(runner);
        self.publish_liveness(runner);
        self.changed();
        self.note(LogLevel::Info, format!("Runner {runner} signed out"));
        tracing::info!(%runner, "signed out");
        Ok(())
    }
}

impl Coordinator {
    /// Begins to write what a runner says, unless its key has been revoked since the request began.
    pub(super) async fn write_for(&self, caller: &Caller) -> Result<Transaction, CoreError> {
        let transaction = self.store.write().await?;
        if !self.keyring.knows(caller) {
            return Err(CoreError::Key("the key is unknown or revoked"));
        }
        Ok(transaction)
    }
}

fn check_texts(request: &RegisterRequest) -> Result<(), CoreError> {
    let own = [("hostname", request.hostname.as_ref()), ("version", request.version.as_ref())];
    let radios =
        request.radios.iter().flat_map(|radio| [("driver", radio.driver.as_ref()), ("model", radio.model.as_ref())]);
    for (field, text) in own.into_iter().chain(radios) {
        if text.is_some_and(|text| text.len() > LONGEST_TEXT) {
            return Err(CoreError::Invalid(format!("{field}: more than {LONGEST_TEXT} bytes")));
        }
    }
    Ok(())
}

/// The radios a runner means: those it lists, else a single one. Limits of the runner bind every radio without its own.
fn radios(request: &RegisterRequest) -> Result<Vec<RadioInfo>, CoreError> {
    let mut radios = request.radios.clone();
    if radios.is_empty() {
        let id = RadioId::new(SOLE_RADIO).map_err(|error| CoreError::Invalid(error.to_string()))?;
        radios.push(RadioInfo { id, driver: None, model: None, frequency_limits: Vec::new(), sample_rate: None });
    }
    if radios.len() > MOST_RADIOS {
        return Err(CoreError::Invalid(format!("radios: {} are more than {MOST_RADIOS}", radios.len())));
    }
    let mut ids = HashSet::new();
    for radio in &mut radios {
        if !ids.insert(radio.id.clone()) {
            return Err(CoreError::Invalid(format!("radios: the id {} is given twice", radio.id)));
        }
        if radio.sample_rate.is_some_and(|rate| rate > HIGHEST_RATE) {
            return Err(CoreError::Invalid(format!("sample_rate: more than {HIGHEST_RATE}")));
        }
        if radio.frequency_limits.is_empty() {
            radio.frequency_limits.clone_from(&request.frequency_limits);
        }
        if radio.frequency_limits.len() > MOST_LIMITS {
            return Err(CoreError::Invalid(format!("frequency_limits: more than {MOST_LIMITS}")));
        }
    }
    Ok(radios)
}

fn known_radio(runner: &RunnerId, radio: &RadioInfo) -> Radio {
    Radio {
        runner_id: runner.clone(),
        radio_id: radio.id.clone(),
        limits: radio.frequency_limits.clone(),
        sample_rate: radio.sample_rate,
        simulated: runners::is_simulated(radio.driver.as_deref()),
    }
}
