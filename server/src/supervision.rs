//! Notifies the service manager (systemd) of the server's state; without one it does nothing.

use challengectl_coordinator::Coordinator;
use sd_notify::NotifyState;
use std::sync::Arc;
use tokio::time::{MissedTickBehavior, interval};

/// Sends a notification; a failure is only logged.
pub fn notify(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "the service manager cannot be notified");
    }
}

/// Notifies the watchdog after each complete reading of the schedule. So a disk that reports errors is no reason to be
/// killed, and one that never answers is.
pub async fn keep_watchdog(coordinator: Arc<Coordinator>) {
    let Some(limit) = sd_notify::watchdog_enabled() else { return };
    let mut ticks = interval(limit / 3);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        coordinator.pulse().await;
        notify(NotifyState::Watchdog);
    }
}
