//! The feed of namespace `/public`: the challenges as the public page shows them, and their states where these are
//! shown.

use super::payload;
use super::public_challenges::PublicChallenges;
use super::subscribers::{RETRY_EVERY, Subscribers};
use challengectl_common::{ChallengeName, Timestamp};
use challengectl_coordinator::{Coordinator, Event, PublicChallenge};
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;

pub const NAMESPACE: &str = "/public";
/// Changes within this time are published together.
const PAUSE: Duration = Duration::from_millis(250);
/// The maximum number of states published together.
const BURST: usize = 64;

#[derive(Serialize)]
#[serde(rename = "challenge_state", tag = "type")]
struct State {
    challenge_name: ChallengeName,
    state: &'static str,
    timestamp: Timestamp,
}

/// Publishes the public challenges and states; ends when the event bus is closed.
pub async fn feed(coordinator: Arc<Coordinator>, mut subscribers: Subscribers) {
    let mut news = coordinator.context.watch();
    let mut changes = coordinator.context.changes();
    let mut published = None;
    loop {
        let mut states = Vec::new();
        tokio::select! {
            () = subscribers.changed() => {}
            changed = changes.changed() => if changed.is_err() { return },
            event = news.recv() => match event {
                Ok(event) => states.extend(state(event)),
                // Lost states are in the list of challenges.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            },
            () = tokio::time::sleep(RETRY_EVERY), if subscribers.is_behind() => {}
        }
        while states.len() < BURST
            && let Ok(event) = news.try_recv()
        {
            states.extend(state(event));
        }
        if subscribers.is_empty() {
            published = None;
            continue;
        }
        changes.mark_unchanged();
        match coordinator.views.public_challenges().await {
            Ok(now) => publish(&mut subscribers, &mut published, now, states, coordinator.context.now()).await,
            Err(error) => tracing::error!(%error, "the challenges could not be read for the public"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn publish(
    subscribers: &mut Subscribers,
    published: &mut Option<Vec<PublicChallenge>>,
    challenges: Vec<PublicChallenge>,
    states: Vec<State>,
    now: Timestamp,
) {
    // By the current list, so that a state that has been hidden meanwhile is not published.
    let shows = |state: &State| {
        let same = |one: &PublicChallenge| one.name == state.challenge_name.as_str() && one.state.is_some();
        challenges.iter().any(same)
    };
    for state in states.iter().filter(|state| shows(state)).filter_map(payload::render) {
        subscribers.publish(payload::NAME, &state).await;
    }
    let update = PublicChallenges::new(challenges.clone(), now);
    if published.as_ref() != Some(&challenges) {
        subscribers.publish("challenges_update", &update).await;
        *published = Some(challenges);
    }
    subscribers.welcome("challenges_update", &update);
}

fn state(event: Event) -> Option<State> {
    match event {
        Event::ChallengeState { challenge_name, state, timestamp, .. } => {
            Some(State { challenge_name, state: state.as_str(), timestamp })
        }
        _ => None,
    }
}
