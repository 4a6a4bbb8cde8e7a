//! Registration, heartbeats and signing out.

use crate::bus::events::Event;
use crate::fleet::lives::{self, Admission, Standing};
use crate::runner_api::RunnerApi;
use crate::store::air::assignments;
use crate::store::fleet::keys::Registered;
use crate::store::fleet::runners::Radio;
use crate::store::fleet::{keys, runners};
use crate::store::instances::engines;
use crate::store::{self};
use crate::{Caller, CoreError};
use challengectl_common::wire::instances::{EngineInfo, MAX_ENGINES};
use challengectl_common::wire::{
    AssignmentProgress, EngineSilence, Intervals, LogLevel, MAX_SILENCE, RadioInfo, RegisterRequest, SOLE_RADIO,
};
use challengectl_common::{RadioId, RunnerId};
use std::collections::HashSet;
use std::sync::Arc;

/// Radios of a runner.
const MAX_RADIOS: usize = 64;
/// Samples per second; no radio is as fast.
const MAX_SAMPLE_RATE: u64 = 1_000_000_000_000;
/// Frequency limits of a radio.
const MAX_LIMITS: usize = 256;
/// Bytes of a host name, version, driver or model.
const MAX_TEXT: usize = 255;
const MAX_REASON: usize = 1000;
/// The longest time on air: a week in seconds, longer than any event.
const MAX_ON_AIR: u32 = 7 * 86_400;
/// The longest rest: a year in seconds.
const MAX_REST: f64 = 365.0 * 86_400.0;
/// The longest interval of identifications: a day in seconds.
const MAX_INTERVAL: u32 = 86_400;
/// The longest identification in seconds; the longest call sign takes half a minute.
const MAX_IDENTIFICATION: f64 = 600.0;

/// Instances of one engine at once.
const MAX_CAPACITY: u32 = 100_000;

/// The answer to a registration.
#[derive(Debug)]
pub struct Registration {
    /// The intervals of heartbeats and polls.
    pub intervals: Intervals,
    /// Assignments that the runner named and must stop.
    pub abort: Vec<i64>,
}

/// The answer to a heartbeat.
#[derive(Debug)]
pub struct Heartbeat {
    /// The intervals of heartbeats and polls.
    pub intervals: Intervals,
    /// Assignments whose leases were renewed.
    pub renewed: Vec<i64>,
    /// Assignments to stop at once.
    pub abort: Vec<i64>,
}

impl RunnerApi {
    /// Registers a runner with its radios. If the request names the assignments that the runner holds, its others have
    /// to go off the air.
    ///
    /// # Errors
    /// [`CoreError::Invalid`] when the radios are invalid, [`CoreError::Superseded`] when a later life of the runner is
    /// running.
    pub async fn register(
        self: &Arc<Self>,
        caller: &Caller,
        request: RegisterRequest,
    ) -> Result<Registration, CoreError> {
        check_texts(&request)?;
        let radios = radios(&request)?;
        check_engines(&request)?;
        let (this, caller) = (Arc::clone(self), caller.clone());
        self.context.run_to_completion(async move { this.take_in(&caller, &radios, request).await }).await
    }

    async fn take_in(
        &self,
        caller: &Caller,
        radios: &[RadioInfo],
        request: RegisterRequest,
    ) -> Result<Registration, CoreError> {
        let (runner, now) = (&caller.runner_id, self.context.clock.now());
        // Held so that the lease of an assignment being handed out is in memory, and found.
        let _turn = self.air.turn.lock().await;
        let mut transaction = self.fleet.write_for(caller).await?;
        let registered = Registered { life: caller.life, registration: caller.registration };
        let named = request.assignments.as_deref();
        match lives::admit(self.fleet.keyring.registered(caller), registered, self.fleet.is_gone(runner)) {
            Admission::Current => {}
            Admission::Stale => return Ok(self.registration(runner, named)),
            Admission::Superseded => return Err(self.fleet.superseded(caller)),
        }
        let host = (request.hostname.as_deref(), request.version.as_deref());
        let single_task = named.is_none() && radios.len() == 1;
        let enabled = runners::register(&mut transaction, runner, radios, host, single_task, now).await?;
        // The runner may have been removed meanwhile.
        let enabled = enabled.ok_or_else(|| CoreError::NotRegistered(runner.clone()))?;
        engines::replace(&mut transaction, runner, &request.engines).await?;
        keys::set_registered(&mut transaction, &caller.key_id, registered).await?;
        if let Some(named) = named {
            // An assignment with another key may be in progress on another host, which has not said that it is not.
            let idle = self.air.leases.end_unnamed(runner, &caller.key_id, named, "the runner no longer holds it");
            assignments::abort(&mut transaction, &idle, now).await?;
        }
        store::commit(transaction).await?;
        self.fleet.keyring.set_registered(caller, registered);
        let radios: Vec<_> = radios.iter().map(|radio| Radio::of(runner, radio)).collect();
        tracing::info!(%runner, radios = radios.len(), "registered");
        self.fleet.presence.join(runner, radios, enabled, single_task, &self.context.clock);
        self.fleet.presence.set_failed_radios(runner, request.failed_radios);
        self.air.publish_liveness(runner);
        self.context.changed();
        self.context.log(LogLevel::Info, format!("Runner {runner} registered successfully"));
        Ok(self.registration(runner, named))
    }

    fn registration(&self, runner: &RunnerId, named: Option<&[i64]>) -> Registration {
        let abort = self.air.leases.foreign(runner, named.unwrap_or_default());
        Registration { intervals: self.context.rules.intervals(), abort }
    }

    /// Records a sign of life, and renews the leases that the runner names; all of its leases if it names none. Touches
    /// no disk.
    pub fn heartbeat(&self, caller: &Caller, named: Option<&[AssignmentProgress]>) -> Result<Heartbeat, CoreError> {
        self.fleet.hear(caller)?;
        if let Some(time) = caller.clock {
            self.fleet.presence.set_clock(&caller.runner_id, time, &self.context.clock);
        }
        let expires = self.context.clock.instant().after(self.context.rules.lease);
        let renewal = self.air.leases.renew(&caller.runner_id, named, expires);
        self.publish_progress(&caller.runner_id);
        Ok(Heartbeat { intervals: self.context.rules.intervals(), renewed: renewal.renewed, abort: renewal.abort })
    }

    /// Records how long ago clusters of a runner have answered. Touches no disk.
    pub fn hear_engines(&self, caller: &Caller, engines: &[EngineSilence]) -> Result<(), CoreError> {
        if engines.len() > MAX_ENGINES {
            return Err(CoreError::Invalid(format!("engines: more than {MAX_ENGINES}")));
        }
        if engines.iter().any(|it| it.seconds > MAX_SILENCE) {
            return Err(CoreError::Invalid(format!("engines: seconds: at most {MAX_SILENCE}")));
        }
        self.fleet.presence.hear_engines(&caller.runner_id, engines, &self.context.clock);
        Ok(())
    }

    fn publish_progress(&self, runner: &RunnerId) {
        for news in self.air.leases.take_progress(runner, self.context.clock.instant()) {
            self.context.events.publish(Event::Progress {
                assignment_id: news.assignment_id,
                challenge_id: news.challenge_id,
                runner_id: runner.clone(),
                progress: news.progress,
                timestamp: self.context.clock.now(),
            });
        }
    }

    /// Signs a runner out. Its carriers have to go off, and their challenges are given to others when the leases are
    /// over: the request may be a repetition, and the carriers on. From an earlier life it changes nothing.
    pub async fn sign_out(self: &Arc<Self>, caller: &Caller) -> Result<(), CoreError> {
        let (this, caller) = (Arc::clone(self), caller.clone());
        self.context.run_to_completion(async move { this.let_go(&caller).await }).await
    }

    async fn let_go(&self, caller: &Caller) -> Result<(), CoreError> {
        let (runner, now) = (&caller.runner_id, self.context.clock.now());
        let _turn = self.air.turn.lock().await;
        let mut transaction = self.fleet.write_for(caller).await?;
        if self.fleet.keyring.standing(caller) != Some(Standing::Current) {
            return Ok(());
        }
        runners::sign_out(&mut transaction, runner).await?;
        let left = self.air.leases.end_unnamed(runner, &caller.key_id, &[], "the runner signed out");
        assignments::abort(&mut transaction, &left, now).await?;
        store::commit(transaction).await?;
        self.fleet.presence.leave(runner);
        self.air.publish_liveness(runner);
        self.context.changed();
        self.context.log(LogLevel::Info, format!("Runner {runner} signed out"));
        tracing::info!(%runner, "signed out");
        Ok(())
    }
}

fn check_time_on_air(radio: &RadioInfo) -> Result<(), CoreError> {
    let outside = |field: &str, highest: f64| CoreError::Invalid(format!("{field}: not from 0 to {highest} seconds"));
    if radio.max_on_air_seconds.is_some_and(|seconds| !(1..=MAX_ON_AIR).contains(&seconds)) {
        return Err(CoreError::Invalid(format!("max_on_air_seconds: not from 1 to {MAX_ON_AIR}")));
    }
    if radio.rests_seconds.is_some_and(|seconds| !(0.0..=MAX_REST).contains(&seconds)) {
        return Err(outside("rests_seconds", MAX_REST));
    }
    let Some(identification) = &radio.identification else { return Ok(()) };
    if identification.interval_seconds > MAX_INTERVAL {
        return Err(outside("identification: interval_seconds", MAX_INTERVAL.into()));
    }
    if !(0.0..=MAX_IDENTIFICATION).contains(&identification.length_seconds) {
        return Err(outside("identification: length_seconds", MAX_IDENTIFICATION));
    }
    Ok(())
}

fn check_engines(request: &RegisterRequest) -> Result<(), CoreError> {
    let refuse = |why: String| Err(CoreError::Invalid(format!("engines: {why}")));
    if request.engines.len() > MAX_ENGINES {
        return refuse(format!("more than {MAX_ENGINES}"));
    }
    let mut ids = HashSet::new();
    for EngineInfo { id, host, ports, capacity, .. } in &request.engines {
        if !ids.insert(id) {
            return refuse(format!("the id {id} is given twice"));
        }
        if host.is_empty() || host.len() > MAX_TEXT || !host.chars().all(|c| c.is_ascii_graphic() && c != '/') {
            return refuse(format!("{id}: host: {host:?} is no host name or address"));
        }
        if ports.first == 0 || ports.last < ports.first {
            return refuse(format!("{id}: ports: from {} to {} is no range", ports.first, ports.last));
        }
        if !(1..=MAX_CAPACITY).contains(capacity) {
            return refuse(format!("{id}: capacity: not from 1 to {MAX_CAPACITY}"));
        }
    }
    Ok(())
}

fn check_texts(request: &RegisterRequest) -> Result<(), CoreError> {
    let own = [("hostname", request.hostname.as_ref()), ("version", request.version.as_ref())];
    let radios =
        request.radios.iter().flat_map(|radio| [("driver", radio.driver.as_ref()), ("model", radio.model.as_ref())]);
    if request.failed_radios.iter().any(|radio| radio.reason.len() > MAX_REASON) {
        return Err(CoreError::Invalid(format!("failed_radios: a reason of more than {MAX_REASON} bytes")));
    }
    for (field, text) in own.into_iter().chain(radios) {
        if text.is_some_and(|text| text.len() > MAX_TEXT) {
            return Err(CoreError::Invalid(format!("{field}: more than {MAX_TEXT} bytes")));
        }
    }
    Ok(())
}

/// Returns the radios that a registration means: those it lists, else a single one. Limits of the runner apply to every
/// radio without its own.
fn radios(request: &RegisterRequest) -> Result<Vec<RadioInfo>, CoreError> {
    let mut radios = request.radios.clone();
    if radios.is_empty() && request.failed_radios.is_empty() && request.engines.is_empty() {
        let id = RadioId::new(SOLE_RADIO).map_err(|error| CoreError::Invalid(error.to_string()))?;
        radios.push(RadioInfo::plain(id));
    }
    let count = radios.len() + request.failed_radios.len();
    if count > MAX_RADIOS {
        return Err(CoreError::Invalid(format!("radios: {count} are more than {MAX_RADIOS}")));
    }
    let mut ids = HashSet::new();
    for radio in &mut radios {
        if !ids.insert(radio.id.clone()) {
            return Err(CoreError::Invalid(format!("radios: the id {} is given twice", radio.id)));
        }
        if radio.sample_rate.is_some_and(|rate| rate > MAX_SAMPLE_RATE) {
            return Err(CoreError::Invalid(format!("sample_rate: more than {MAX_SAMPLE_RATE}")));
        }
        check_time_on_air(radio)?;
        if radio.frequency_limits.is_empty() && radio.frequency_ranges.is_empty() {
            radio.frequency_limits.clone_from(&request.frequency_limits);
        }
        if radio.frequency_limits.len() > MAX_LIMITS {
            return Err(CoreError::Invalid(format!("frequency_limits: more than {MAX_LIMITS}")));
        }
        if radio.frequency_ranges.len() > MAX_LIMITS || radio.frequency_ranges.iter().any(|name| name.len() > MAX_TEXT)
        {
            return Err(CoreError::Invalid(format!("frequency_ranges: more than {MAX_LIMITS}, or a name too long")));
        }
    }
    Ok(radios)
}
