//! Asks for work by long polls, so that a trigger reaches an idle radio, and an order to stop a busy one, within
//! milliseconds.

use super::{Agent, work};
use crate::api::backoff::Backoff;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

/// Duration of a long poll: shorter than the minute after which proxies close idle connections.
const WAIT: Duration = Duration::from_secs(25);

/// Pause between two polls if the first brought no task, or none that could be started.
const PAUSE: Duration = Duration::from_millis(200);

/// The maximum pause between two polls while a radio is on air, however long the server has been away: an order to stop
/// must arrive as soon as the server answers again.
const MAX_ON_AIR_PAUSE: Duration = Duration::from_millis(500);

pub(super) async fn run(agent: Arc<Agent>) {
    let mut backoff = Backoff::new();
    loop {
        agent.linked().await;
        let asked = Instant::now();
        match agent.api.task(WAIT, &agent.held()).await {
            Ok(answer) => {
                backoff.reset();
                agent.active.stop(&answer.abort, "the server ordered it");
                let begun = match answer.task {
                    Some(task) => work::take_up(&agent, task).await,
                    None => false,
                };
                if !begun {
                    sleep_until(asked + PAUSE).await;
                }
            }
            Err(error) => {
                // The heartbeat logs that the server is away; other errors are logged here.
                if !error.may_pass() && backoff.is_fresh() {
                    tracing::warn!("asking for work: {error}");
                }
                if error.is_conflict() {
                    agent.yield_to_copy();
                } else if error.is_stranger() {
                    agent.unlink();
                }
                let max_pause = if agent.active.ids().is_empty() { Duration::MAX } else { MAX_ON_AIR_PAUSE };
                sleep(backoff.next().min(max_pause)).await;
            }
        }
    }
}
