//! Feeds the namespace `/dashboard`, for clients with a login: first the whole state, then its changes. A client that
//! applies the changes in order always has the whole state, without further requests.

use super::state_changes::{self, Keyed};
use super::subscribers::{RETRY_EVERY, Subscribers};
use challengectl_coordinator::{Coordinator, Event};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::MissedTickBehavior;

pub const NAMESPACE: &str = "/dashboard";
/// Pause between two messages: changes within it are published together, so at most 4 messages a second.
const PAUSE: Duration = Duration::from_millis(250);
/// Interval at which the state is read without an event: heartbeats publish none, but change `last_heartbeat`. A message
/// is sent at this interval even without a change, so that a dashboard that gets none knows that its data is old.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// A state that is being read, or the reason why it cannot be read.
pub type FutureState = BoxFuture<'static, Result<Value, String>>;

/// The source of the state.
pub struct StateSource {
    /// The key of the rows of each list.
    pub keys: &'static [Keyed],
    /// Reads the state.
    pub read: Box<dyn Fn() -> FutureState + Send + Sync>,
}

/// Publishes the changes of the state until the event bus is closed.
pub async fn feed(coordinator: Arc<Coordinator>, source: StateSource, mut subscribers: Subscribers) {
    let mut news = coordinator.context.watch();
    let mut changes = coordinator.context.changes();
    let mut instances = coordinator.instances.watch();
    let mut published: Option<Value> = None;
    let mut spoken = Instant::now();
    // Created once: an interval in the loop would begin anew with each line of the log.
    let mut look = tokio::time::interval(LOOK_EVERY);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = subscribers.changed() => {}
            changed = changes.changed() => if changed.is_err() { return },
            changed = instances.changed() => if changed.is_err() { return },
            event = news.recv() => match event {
                // A line of the log is no part of the state.
                Ok(Event::Log { .. }) => continue,
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            },
            () = tokio::time::sleep(RETRY_EVERY), if subscribers.is_behind() => {}
            _ = look.tick() => {}
        }
        if subscribers.is_empty() {
            published = None;
            continue;
        }
        // Changes from here on are in this state or in the next.
        changes.mark_unchanged();
        instances.mark_unchanged();
        while !matches!(news.try_recv(), Err(TryRecvError::Empty | TryRecvError::Closed)) {}
        match (source.read)().await {
            Ok(state) => publish(&mut subscribers, source.keys, (&mut published, &mut spoken), state).await,
            Err(error) => tracing::error!(error, "the state could not be read for the dashboards"),
        }
        subscribers.disconnect_leaving();
        tokio::time::sleep(PAUSE).await;
    }
}

async fn publish(
    subscribers: &mut Subscribers,
    keys: &[Keyed],
    (published, spoken): (&mut Option<Value>, &mut Instant),
    state: Value,
) {
    let changes = published.as_ref().and_then(|before| state_changes::between(keys, before, &state));
    let is_time = published.is_some() && spoken.elapsed() >= LOOK_EVERY / 2;
    let sign = || json!({"timestamp": state.get("timestamp")});
    if let Some(changes) = changes.or_else(|| is_time.then(sign)) {
        subscribers.publish("changes", &changes).await;
        *spoken = Instant::now();
    }
    if subscribers.is_state_due() {
        subscribers.welcome("state", &state);
    }
    *published = Some(state);
}
