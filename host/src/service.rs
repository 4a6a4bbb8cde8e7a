//! The service manager (systemd). Without one nothing happens.

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

/// Notifies the service manager's watchdog three times in each of its periods, each time after `check` has returned.
/// While `check` does not return, the watchdog hears nothing, and in the end kills the program. Returns at once where
/// no watchdog is set.
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
