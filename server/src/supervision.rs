//! Tells the service manager how the server is. Without one nothing happens.

use challengectl_coordinator::Coordinator;
use sd_notify::NotifyState;
use std::sync::Arc;
use tokio::time::{MissedTickBehavior, interval};

/// Tells the service manager something.
pub fn tell(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "the service manager cannot be told");
    }
}

/// Tells the service manager again and again that the server works, as long as it does: that it gets from end to end
/// of a look at the schedule. A disk that reports errors is no reason to be killed, one that never answers is.
pub async fn keep_watchdog(coordinator: Arc<Coordinator>) {
    let Some(limit) = sd_notify::watchdog_enabled() else { return };
    let mut ticks = interval(limit / 3);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        coordinator.pulse().await;
        tell(NotifyState::Watchdog);
    }
}
