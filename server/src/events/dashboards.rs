//! What people hear who are logged in: everything.

use super::crowd::{Crowd, TRY_AGAIN};
use super::payload;
use challengectl_coordinator::{Coordinator, Event};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

pub const NAMESPACE: &str = "/";
/// Events told at once.
pub const BURST: usize = 256;
/// The first event after a pause is told at once; those that follow are told together, so that a hundred of them a
/// second do not wake every client a hundred times.
const PAUSE: Duration = Duration::from_millis(25);

/// Tells everything that happens; ends when nothing can happen any more.
pub async fn feed(coordinator: Arc<Coordinator>, mut crowd: Crowd) {
    let mut news = coordinator.context.watch();
    loop {
        let mut burst = Vec::new();
        tokio::select! {
            biased;
            () = crowd.moved() => {}
            event = news.recv() => match event {
                Ok(event) => {
                    burst.push(event);
                    gather(&mut burst, &mut news);
                }
                Err(RecvError::Lagged(lost)) => {
                    tracing::warn!(lost, "more happened than could be told; all dashboards start over");
                    crowd.start_over();
                }
                Err(RecvError::Closed) => return,
            },
            () = tokio::time::sleep(TRY_AGAIN), if crowd.is_behind() => {}
        }
        for event in burst.iter().filter_map(payload::render) {
            crowd.tell(payload::NAME, &event).await;
        }
        welcome(&coordinator, &mut crowd).await;
        crowd.show_out();
        tokio::time::sleep(PAUSE).await;
    }
}

fn gather(burst: &mut Vec<Event>, news: &mut Receiver<Event>) {
    while burst.len() < BURST {
        match news.try_recv() {
            Ok(event) => burst.push(event),
            // What was lost is noticed by the next reading.
            Err(TryRecvError::Empty | TryRecvError::Closed | TryRecvError::Lagged(_)) => return,
        }
    }
}

/// What has happened before is in the state; what happens while it is read is told after it, twice at worst.
async fn welcome(coordinator: &Coordinator, crowd: &mut Crowd) {
    if !crowd.asks() {
        return;
    }
    match coordinator.views.initial_state().await {
        Ok(state) => crowd.welcome("initial_state", &state),
        Err(error) => tracing::error!(%error, "the state could not be read for a dashboard"),
    }
}
