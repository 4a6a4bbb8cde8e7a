//! Asks for work, all the time: a trigger reaches an idle radio in milliseconds, and an order to stop a busy one.

use super::{Agent, work};
use crate::api::backoff::Backoff;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

/// Shorter than the minute after which proxies cut silent connections.
const WAIT: Duration = Duration::from_secs(25);

/// Between two polls, when the first brought nothing to do, or nothing that could be begun.
const PAUSE: Duration = Duration::from_millis(200);

/// At most between two polls while something is on air, however long the server has been away: an order to stop must
/// arrive as soon as the server is there again.
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
                // A server that is away is logged by the heartbeat; what only a poll meets is logged here.
                if !error.may_pass() && backoff.is_fresh() {
                    tracing::warn!("asking for work: {error}");
                }
                if error.is_conflict() {
                    agent.make_way();
                } else if error.is_stranger() {
                    agent.unlink();
                }
                let max_pause = if agent.active.ids().is_empty() { Duration::MAX } else { MAX_ON_AIR_PAUSE };
                sleep(backoff.next().min(max_pause)).await;
            }
        }
    }
}
