//! Runners that come, stay and go.

use super::events::Event;
use super::{Caller, Coordinator, CoreError};
use crate::store::runners::Radio;
use crate::store::{self, Transaction, runners};
use challengectl_common::wire::{AssignmentProgress, LogLevel, RadioInfo, RegisterRequest, Rhythm, SOLE_RADIO};
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
    pub rhythm: Rhythm,
    /// Assignments it named that are no longer its own.
    pub abort: Vec<i64>,
}

/// The answer to a heartbeat.
#[derive(Debug)]
pub struct Heartbeat {
    /// How the server wants to hear from the runner.
    pub rhythm: Rhythm,
    /// Assignments whose lease runs anew.
    pub renewed: Vec<i64>,
    /// Assignments to stop at once.
    pub abort: Vec<i64>,
}

impl Coordinator {
    /// Takes in a runner with its radios. When it says what it works on, everything else it had is free at once.
    ///
    /// # Errors
    /// [`CoreError::Invalid`] when the radios make no sense.
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
        let mut transaction = self.write_for(caller).await?;
        let host = (request.hostname.as_deref(), request.version.as_deref());
        let enabled = runners::register(&mut transaction, runner, radios, host, now).await?;
        // Removed by an operator just now.
        let enabled = enabled.ok_or_else(|| CoreError::NotRegistered(runner.clone()))?;
        store::commit(transaction).await?;
        self.fleet.join(runner, radios.iter().map(|radio| known_radio(runner, radio)).collect(), enabled);

        let named = request.assignments.as_deref();
        if let Some(named) = named {
            // By another key the assignment may be at work on another host, which has not said that it is not.
            let idle = self.leases.take_unnamed(runner, &caller.key_id, named);
            self.give_up(idle.into_iter().map(|id| (runner.clone(), id)).collect(), "no longer at work on it").await?;
        }
        self.tell_status(runner);
        self.changed();
        self.note(LogLevel::Info, format!("Runner {runner} registered successfully"));
        tracing::info!(%runner, radios = radios.len(), "registered");
        let abort = self.leases.foreign(runner, named.unwrap_or_default());
        Ok(Registration { rhythm: self.rules.rhythm(), abort })
    }

    /// Notes that a runner is alive and renews the leases it names; all it has when it names none. Touches no disk.
    ///
    /// # Errors
    /// [`CoreError::NotRegistered`] when the runner is not here.
    pub fn heartbeat(&self, caller: &Caller, named: Option<&[AssignmentProgress]>) -> Result<Heartbeat, CoreError> {
        if !self.fleet.heard(&caller.runner_id, self.clock.now()) {
            return Err(CoreError::NotRegistered(caller.runner_id.clone()));
        }
        let expires = self.clock.instant().after(self.rules.lease);
        let renewal = self.leases.renew(&caller.runner_id, named, expires);
        self.tell_progress(&caller.runner_id);
        Ok(Heartbeat { rhythm: self.rules.rhythm(), renewed: renewal.renewed, abort: renewal.abort })
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

    /// Lets a runner go. It has ended its transmissions, so what it had is free at once.
    ///
    /// # Errors
    /// When the database cannot be written to.
    pub async fn sign_out(self: &Arc<Self>, caller: &Caller) -> Result<(), CoreError> {
        let (this, caller) = (Arc::clone(self), caller.clone());
        self.undisturbed(async move { this.let_go(&caller).await }).await
    }

    async fn let_go(&self, caller: &Caller) -> Result<(), CoreError> {
        let runner = &caller.runner_id;
        let mut transaction = self.write_for(caller).await?;
        runners::sign_out(&mut transaction, runner).await?;
        store::commit(transaction).await?;
        self.fleet.leave(runner);
        let left = self.leases.take_unnamed(runner, &caller.key_id, &[]);
        self.give_up(left.into_iter().map(|id| (runner.clone(), id)).collect(), "the runner signed out").await?;
        self.tell_status(runner);
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
