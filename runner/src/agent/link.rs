//! Registers, at start and whenever the server no longer knows this runner.

use super::Agent;
use super::api::ApiError;
use super::backoff::Backoff;
use super::host;
use super::identity::Identity;
use super::report;
use challengectl_common::wire::{RadioInfo, RegisterRequest};
use reqwest::StatusCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::{sleep, timeout};

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
            explain(&error);
        }
        sleep(backoff.next()).await;
    }
}

async fn register(agent: &Agent) -> Result<(), ApiError> {
    // What has ended is told before what goes on, or the server would give it to others and call the report late.
    let _ = timeout(Duration::from_secs(5), report::deliver(agent)).await;
    let number = agent.registrations.fetch_add(1, Ordering::Relaxed) + 1;
    let response = agent.api.register(&introduction(agent), number).await?;
    agent.desk.stop(&response.abort, "the server gave it to others");
    tracing::info!("registered with {} as {}", agent.api.identity().server, response.runner_id);
    agent.link.send_replace(Some(response.intervals));
    agent.heartbeat_now.notify_one();
    agent.report_now.notify_one();
    Ok(())
}

fn introduction(agent: &Agent) -> RegisterRequest {
    let radio = |radio: &crate::config::RadioConfig| RadioInfo {
        id: radio.id.clone(),
        driver: Some(radio.driver.name().to_owned()),
        model: radio.model.clone(),
        frequency_limits: radio.frequency_limits.clone(),
        sample_rate: Some(radio.sample_rate),
    };
    RegisterRequest {
        runner_id: agent.api.identity().runner_id.clone(),
        frequency_limits: Vec::new(),
        radios: agent.config.working_radios().map(radio).collect(),
        // A report that could not be delivered yet still speaks for its assignment.
        assignments: Some(agent.held()),
        hostname: host::name(),
        version: Some(env!("CARGO_PKG_VERSION").to_owned()),
    }
}

/// Enrolling again leaves the new key where the old one was.
fn take_new_key(agent: &Agent) -> bool {
    match Identity::at(&agent.config) {
        Ok(Some(identity)) if identity != *agent.api.identity() => {
            tracing::info!("found a new key");
            agent.api.become_runner(identity);
            true
        }
        _ => false,
    }
}

/// Whether it takes another key: this one is revoked, or counts on another machine.
fn is_refusal(error: &ApiError) -> bool {
    error.is(StatusCode::UNAUTHORIZED) || error.is(StatusCode::FORBIDDEN)
}

fn explain(error: &ApiError) {
    if error.is_conflict() {
        tracing::error!(
            "{error}: this one sends nothing, and goes on when the other has ended. Two hosts need two runners, each \
             enrolled under its own name with a state_dir of its own"
        );
        return;
    }
    if is_refusal(error) {
        tracing::error!(
            "the server refuses this runner's key ({error}): enrol it again with `challengectl-runner enroll --server URL \
             --token TOKEN`; it goes on by itself then"
        );
        return;
    }
    tracing::warn!("cannot register, trying on: {error}");
}
