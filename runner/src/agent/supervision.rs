//! Tells the service manager how the runner is. Without one nothing happens.

use sd_notify::NotifyState;
use tokio::time::{MissedTickBehavior, interval};

pub(super) fn tell(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "the service manager cannot be told");
    }
}

/// Tells the service manager again and again that the runner works. A server that is away is no reason to be killed,
/// and a radio that hangs neither: its own watchdog sees to that. When `look` does not return, it hears no more.
pub(super) async fn keep_watchdog(look: impl Fn()) {
    let Some(limit) = sd_notify::watchdog_enabled() else { return };
    let mut ticks = interval(limit / 3);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        look();
        tell(NotifyState::Watchdog);
    }
}
