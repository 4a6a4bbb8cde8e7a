//! The feed of namespace `/`: all events, for clients with a login.

use super::live_event::{InitialState, LiveEvent};
use super::payload;
use super::subscribers::{RETRY_EVERY, Subscribers};
use challengectl_coordinator::{Coordinator, Event};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

pub const NAMESPACE: &str = "/";
/// The maximum number of events published together.
pub const BURST: usize = 256;
/// The first event after a pause is published at once; those that follow within a pause are published together, so that
/// 100 events per second do not wake every client 100 times.
const PAUSE: Duration = Duration::from_millis(25);

/// Publishes every event; ends when the event bus is closed.
pub async fn feed(coordinator: Arc<Coordinator>, mut subscribers: Subscribers) {
    let mut news = coordinator.context.watch();
    loop {
        let mut burst = Vec::new();
        tokio::select! {
            biased;
            () = subscribers.changed() => {}
            event = news.recv() => match event {
                Ok(event) => {
                    burst.push(event);
                    gather(&mut burst, &mut news);
                }
                Err(RecvError::Lagged(lost)) => {
                    tracing::warn!(lost, "events were lost because publishing was too slow; all dashboards get the current state");
                    subscribers.start_over();
                }
                Err(RecvError::Closed) => return,
            },
            () = tokio::time::sleep(RETRY_EVERY), if subscribers.is_behind() => {}
        }
        for event in burst.into_iter().filter_map(|event| payload::render(&LiveEvent::from(event))) {
            subscribers.publish(payload::NAME, &event).await;
        }
        welcome(&coordinator, &mut subscribers).await;
        subscribers.disconnect_leaving();
        tokio::time::sleep(PAUSE).await;
    }
}

fn gather(burst: &mut Vec<Event>, news: &mut Receiver<Event>) {
    while burst.len() < BURST {
        match news.try_recv() {
            Ok(event) => burst.push(event),
            // The next reading notices lost events.
            Err(TryRecvError::Empty | TryRecvError::Closed | TryRecvError::Lagged(_)) => return,
        }
    }
}

/// Sends the current state to the clients that wait for it. Events during the reading are published after it, so a
/// client may get a change twice, but misses none.
async fn welcome(coordinator: &Coordinator, subscribers: &mut Subscribers) {
    if !subscribers.is_state_due() {
        return;
    }
    match coordinator.views.initial_state().await {
        Ok(state) => subscribers.welcome("initial_state", &InitialState::from(state)),
        Err(error) => tracing::error!(%error, "the state could not be read for a dashboard"),
    }
}
