//! Asks for work, all the time: a trigger reaches an idle radio in milliseconds, and an order to stop a busy one.

use super::backoff::Backoff;
use super::{Agent, work};
use reqwest::StatusCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

/// Shorter than the minute after which proxies cut silent connections.
const WAIT: Duration = Duration::from_secs(25);

/// Between two questions, when the first brought nothing to do.
const PAUSE: Duration = Duration::from_millis(200);

pub(super) async fn run(agent: Arc<Agent>) {
    let mut backoff = Backoff::new();
    loop {
        agent.linked().await;
        let asked = Instant::now();
        match agent.api.task(WAIT).await {
            Ok(answer) => {
                backoff.reset();
                agent.desk.stop(&answer.abort, "the server ordered it");
                match answer.task {
                    Some(task) => work::take_up(&agent, task),
                    None => sleep_until(asked + PAUSE).await,
                }
            }
            Err(error) => {
                tracing::warn!("asking for work: {error}");
                if error.is(StatusCode::NOT_FOUND) || error.is(StatusCode::UNAUTHORIZED) {
                    agent.unlink();
                }
                sleep(backoff.next()).await;
            }
        }
    }
}
