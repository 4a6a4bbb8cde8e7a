//! Notifications to the service manager (systemd); without one they do nothing.

use sd_notify::NotifyState;
use tokio::time::{MissedTickBehavior, interval};

/// Notifies the service manager that the program is ready.
pub fn notify_ready() {
    notify(NotifyState::Ready);
}

/// Notifies the service manager that the program is about to end.
pub fn notify_stopping() {
    notify(NotifyState::Stopping);
}

/// Notifies the service manager's watchdog three times per watchdog period, each time after `check` has returned. If
/// `check` does not return, the notifications stop and the service manager kills the program. Returns at once if no
/// watchdog is configured.
pub async fn keep_watchdog<C: Future<Output = ()>>(mut check: impl FnMut() -> C) {
    let Some(limit) = sd_notify::watchdog_enabled() else { return };
    let mut ticks = interval(limit / 3);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        check().await;
        notify(NotifyState::Watchdog);
    }
}

fn notify(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "the service manager cannot be notified");
    }
}
