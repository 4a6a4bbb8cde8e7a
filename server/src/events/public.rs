//! What everybody hears: the challenges as the public page shows them, and their states where these are shown.

use super::crowd::{Crowd, TRY_AGAIN};
use super::payload;
use crate::http::PublicChallenges;
use challengectl_common::{ChallengeName, Timestamp};
use challengectl_coordinator::bus::events::ChallengeState;
use challengectl_coordinator::{Coordinator, Event, PublicChallenge};
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;

pub const NAMESPACE: &str = "/public";
/// Changes are told together that come closer than this.
const PAUSE: Duration = Duration::from_millis(250);
/// States told at once.
const BURST: usize = 64;

#[derive(Serialize)]
#[serde(rename = "challenge_state", tag = "type")]
struct State {
    challenge_name: ChallengeName,
    state: ChallengeState,
    timestamp: Timestamp,
}

/// Tells everybody what everybody may know.
pub async fn feed(coordinator: Arc<Coordinator>, mut crowd: Crowd) {
    let mut news = coordinator.context.watch();
    let mut changes = coordinator.context.changes();
    let mut told = None;
    loop {
        let mut states = Vec::new();
        tokio::select! {
            () = crowd.moved() => {}
            changed = changes.changed() => if changed.is_err() { return },
            event = news.recv() => match event {
                Ok(event) => states.extend(state(event)),
                // The list has all there is to know.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            },
            () = tokio::time::sleep(TRY_AGAIN), if crowd.is_behind() => {}
        }
        while states.len() < BURST
            && let Ok(event) = news.try_recv()
        {
            states.extend(state(event));
        }
        if crowd.is_empty() {
            told = None;
            continue;
        }
        changes.mark_unchanged();
        match coordinator.views.public_challenges().await {
            Ok(now) => tell(&mut crowd, &mut told, now, states, coordinator.context.now()).await,
            Err(error) => tracing::error!(%error, "the challenges could not be read for the public"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn tell(
    crowd: &mut Crowd,
    told: &mut Option<Vec<PublicChallenge>>,
    challenges: Vec<PublicChallenge>,
    states: Vec<State>,
    now: Timestamp,
) {
    // Judged by the list as it is now: what was hidden meanwhile stays so.
    let shows = |state: &State| {
        let same = |one: &PublicChallenge| one.name == state.challenge_name.as_str() && one.state.is_some();
        challenges.iter().any(same)
    };
    for state in states.iter().filter(|state| shows(state)).filter_map(payload::render) {
        crowd.tell(payload::NAME, &state).await;
    }
    let update = PublicChallenges::new(challenges.clone(), now);
    if told.as_ref() != Some(&challenges) {
        crowd.tell("challenges_update", &update).await;
        *told = Some(challenges);
    }
    crowd.welcome("challenges_update", &update);
}

fn state(event: Event) -> Option<State> {
    match event {
        Event::ChallengeState { challenge_name, state, timestamp, .. } => {
            Some(State { challenge_name, state, timestamp })
        }
        _ => None,
    }
}
