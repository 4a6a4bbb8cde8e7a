//! Registers the runner: at start, and whenever the server does not know it any more.

use super::{Agent, report};
use crate::api::ApiError;
use crate::api::backoff::Backoff;
use crate::api::identity::Identity;
use crate::config::{EngineConfig, RadioConfig};
use crate::machine;
use crate::transmit::Station;
use challengectl_common::wire::{FailedRadio, RadioInfo, RegisterRequest};
use reqwest::StatusCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// Time limit for delivering reports before a registration.
const REPORTS_TIMEOUT: Duration = Duration::from_secs(5);

pub(super) async fn run(agent: Arc<Agent>) {
    let mut link = agent.link.subscribe();
    loop {
        // The sender lives as long as the agent.
        let _ = link.wait_for(Option::is_none).await;
        establish(&agent).await;
    }
}

async fn establish(agent: &Agent) {
    let mut backoff = Backoff::new();
    while let Err(error) = register(agent).await {
        if is_refusal(&error) && take_new_key(agent) {
            backoff.reset();
            continue;
        }
        if backoff.is_fresh() {
            log(&error);
        }
        sleep(backoff.next()).await;
    }
}

async fn register(agent: &Agent) -> Result<(), ApiError> {
    // Reports first: the server frees assignments that a registration does not list, and their reports are then late.
    let _ = timeout(REPORTS_TIMEOUT, report::deliver(agent)).await;
    let number = agent.registrations.fetch_add(1, Ordering::Relaxed) + 1;
    let response = agent.api.register(&introduction(agent), number).await?;
    agent.active.stop(&response.abort, "the server gave it to another runner");
    tracing::info!("registered with {} as {}", agent.api.identity().server, response.runner_id);
    agent.link.send_replace(Some(response.intervals));
    agent.heartbeat_now.notify_one();
    agent.report_now.notify_one();
    Ok(())
}

fn introduction(agent: &Agent) -> RegisterRequest {
    let identification = Station::of(&agent.config, None).map(|station| station.introduction());
    let radio = |radio: &RadioConfig| RadioInfo {
        id: radio.id.clone(),
        driver: Some(radio.driver.name().to_owned()),
        model: radio.model.clone(),
        frequency_limits: radio.frequency_limits.clone(),
        frequency_ranges: radio.frequency_ranges.clone(),
        sample_rate: Some(radio.sample_rate),
        duty_cycle: radio.duty_cycle,
        max_on_air_seconds: radio.max_on_air_seconds,
        rests_seconds: Some(agent.slots.rest(&radio.id).as_secs_f64()).filter(|seconds| *seconds > 0.0),
        identification: identification.clone(),
    };
    let failed: Vec<FailedRadio> = agent.health.failed_radios();
    let is_failed = |radio: &RadioConfig| failed.iter().any(|failed| failed.id == radio.id);
    RegisterRequest {
        runner_id: agent.api.identity().runner_id.clone(),
        frequency_limits: Vec::new(),
        radios: agent.config.working_radios().filter(|radio| !is_failed(radio)).map(radio).collect(),
        failed_radios: failed.clone(),
        engines: agent.config.engines.iter().map(EngineConfig::introduction).collect(),
        // Including those whose report is not delivered yet.
        assignments: Some(agent.held()),
        hostname: machine::name(),
        version: Some(env!("CARGO_PKG_VERSION").to_owned()),
    }
}

/// Loads the key that a repeated enrollment has stored in place of the old one. Returns whether there is one.
fn take_new_key(agent: &Agent) -> bool {
    match Identity::configured(&agent.config) {
        Ok(Some(identity)) if identity != *agent.api.identity() => {
            tracing::info!("found a new key");
            agent.api.set_identity(identity);
            true
        }
        _ => false,
    }
}

/// Returns whether only another key helps, because this one is revoked or bound to another machine.
fn is_refusal(error: &ApiError) -> bool {
    error.is(StatusCode::UNAUTHORIZED) || error.is(StatusCode::FORBIDDEN)
}

fn log(error: &ApiError) {
    if error.is_conflict() {
        tracing::error!(
            "{error}: this one sends nothing until the other has ended. Two hosts need two runners, each enrolled \
             under its own name with a state_dir of its own"
        );
        return;
    }
    if is_refusal(error) {
        tracing::error!(
            "the server refuses this runner's key ({error}): enroll it again with `challengectl-runner enroll --server URL \
             --token TOKEN`; it then continues by itself"
        );
        return;
    }
    tracing::warn!("cannot register, trying again: {error}");
}
