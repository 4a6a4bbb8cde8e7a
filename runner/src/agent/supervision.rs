//! Tells the service manager how the runner is. Without one nothing happens.

use super::Agent;
use sd_notify::NotifyState;
use std::sync::Arc;
use tokio::time::{MissedTickBehavior, interval};

pub(super) fn tell(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "the service manager cannot be told");
    }
}

/// Tells the service manager again and again that the runner works. A server that is away is no reason to be killed,
/// and a radio that hangs neither: its own watchdog sees to that.
pub(super) async fn keep_watchdog(agent: Arc<Agent>) {
    let Some(limit) = sd_notify::watchdog_enabled() else { return };
    let mut ticks = interval(limit / 3);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        // Whoever keeps the desk locked keeps every radio from being stopped.
        agent.desk.assignments();
        tell(NotifyState::Watchdog);
    }
}
