//! Renews leases. Only this loop permits a carrier to go on and to stay on.

use super::Agent;
use crate::api::ApiError;
use crate::api::backoff::Backoff;
use crate::process::clock::Moment;
use challengectl_common::wire::{HeartbeatRequest, Intervals};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Subtracted from each lease, for the time from the last sample until the carrier is off.
const MARGIN: Duration = Duration::from_millis(500);

/// The maximum lease, whatever the server says: a bound on how long a carrier can stay on without a renewal.
const MAX_LEASE: Duration = Duration::from_secs(3600);

pub(super) async fn run(agent: Arc<Agent>) {
    let mut backoff = Backoff::new();
    let mut heard = Instant::now();
    loop {
        let intervals = agent.linked().await;
        let Err(error) = beat(&agent, intervals).await else {
            backoff.reset();
            heard = Instant::now();
            tokio::select! {
                () = agent.heartbeat_now.notified() => {}
                () = sleep(interval(intervals)) => {}
            }
            continue;
        };
        if backoff.is_fresh() {
            tracing::warn!("heartbeat: {error}");
        }
        if error.is_conflict() {
            agent.yield_to_copy();
        } else if error.is_stranger() {
            agent.unlink();
        }
        if heard.elapsed() > lease(intervals) {
            // The server may have counted this runner as gone. Registering sends it the current assignments.
            agent.unlink();
        }
        sleep(backoff.next().min(lease(intervals) / 6)).await;
    }
}

/// Returns the interval between heartbeats: at most a third of the lease, so that two can get lost.
fn interval(intervals: Intervals) -> Duration {
    let asked = Duration::try_from_secs_f64(intervals.heartbeat_interval).unwrap_or(Duration::from_secs(30));
    asked.min(lease(intervals) / 3).max(Duration::from_millis(50))
}

fn lease(intervals: Intervals) -> Duration {
    bounded(intervals.lease_seconds)
}

/// Returns a lease of `lease_seconds`, at most [`MAX_LEASE`]; zero if that is not a valid number of seconds.
pub(super) fn bounded(lease_seconds: f64) -> Duration {
    Duration::try_from_secs_f64(lease_seconds.min(MAX_LEASE.as_secs_f64())).unwrap_or_default()
}

async fn beat(agent: &Agent, intervals: Intervals) -> Result<(), ApiError> {
    let (assignments, engines) = (Some(agent.active.progress()), agent.instances.silences());
    let request = HeartbeatRequest { assignments, engines };
    // The lease runs from before the request was sent. The server's runs from its arrival, which is later.
    let sent = Moment::now();
    let limit = (lease(intervals) / 3).max(Duration::from_secs(1));
    let answer = agent.api.heartbeat(&request, limit).await?;
    let lease = lease(answer.intervals);
    let until = sent.lasting(lease.saturating_sub(MARGIN.min(lease / 10)));
    agent.active.stop(&answer.abort, "the server ordered it");
    agent.active.renew(&answer.renewed, until);
    agent.link.send_if_modified(|link| {
        // Only while linked, so that the answer to an older request does not undo a later unlinking.
        let changed = link.is_some_and(|intervals| intervals != answer.intervals);
        if changed {
            *link = Some(answer.intervals);
        }
        changed
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_at_most_an_hour() {
        assert_eq!(bounded(60.0), Duration::from_secs(60));
        for endless in [1e9, 1e300, f64::INFINITY] {
            assert_eq!(bounded(endless), MAX_LEASE);
        }
        assert_eq!(bounded(-1.0), Duration::ZERO);
    }
}
