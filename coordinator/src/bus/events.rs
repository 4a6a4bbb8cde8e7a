//! Live events, published to all subscribers.
//!
//! Each event is published after the commit that made it true. Publishing never waits: a subscriber that reads too
//! slowly loses the oldest events, and its next read returns how many.

use super::alarm_kind::AlarmKind;
use crate::bus::challenge_state::ChallengeState;
use crate::bus::liveness::{Liveness, RunnerStatus};
use challengectl_common::{ChallengeName, Frequency, RadioId, RunnerId, Timestamp};
use parking_lot::{Mutex, MutexGuard};
use std::collections::HashMap;
use tokio::sync::broadcast;

/// Events that a subscriber may be behind.
const BACKLOG: usize = 1024;

/// A live event. It contains no flag, key or secret.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of the live events")]
pub enum Event {
    /// A log line of the server or a runner.
    Log { source: String, level: &'static str, message: String, timestamp: Timestamp },
    /// A challenge has become due or assigned, or waits again.
    ChallengeState {
        challenge_id: i64,
        challenge_name: ChallengeName,
        state: ChallengeState,
        enabled: bool,
        /// While it is assigned: the runner, its radio, and the frequency.
        runner_id: Option<RunnerId>,
        radio_id: Option<RadioId>,
        frequency: Option<Frequency>,
        timestamp: Timestamp,
    },
    /// A runner has come online, become busy or idle, signed out or fallen silent.
    RunnerStatus { runner_id: RunnerId, status: RunnerStatus, busy: bool, timestamp: Timestamp },
    /// A transmission is over.
    Transmission {
        challenge_id: i64,
        challenge_name: ChallengeName,
        runner_id: RunnerId,
        radio_id: RadioId,
        frequency: Frequency,
        /// `success`, `failed` or `aborted`.
        status: &'static str,
        error_message: Option<String>,
        /// Whether the radio sends nothing, so that it was not on air.
        simulated: bool,
        timestamp: Timestamp,
    },
    /// The part of a transmission that has been on air, 0 to 1.
    Progress { assignment_id: i64, challenge_id: i64, runner_id: RunnerId, progress: f64, timestamp: Timestamp },
    /// A host has become a runner, or a runner has got a new key.
    RunnerEnrolled { runner_id: RunnerId, hostname: Option<String>, timestamp: Timestamp },
    /// A runner was enabled or disabled.
    RunnerEnabled { runner_id: RunnerId, enabled: bool, timestamp: Timestamp },
    /// The system was paused, resumed, stopped or released; by the hours if `auto`, else by an operator.
    SystemControl { action: &'static str, auto: bool, timestamp: Timestamp },
    /// An alarm begins, or is over.
    Alarm { kind: AlarmKind, subject: String, message: String, active: bool, timestamp: Timestamp },
}

/// Publishes live events.
#[derive(Debug)]
pub struct Events {
    sender: broadcast::Sender<Event>,
    published: Mutex<Published>,
}

/// What was last published of each runner and challenge, so that only changes are published.
#[derive(Debug, Default)]
struct Published {
    runners: HashMap<RunnerId, Liveness>,
    challenges: HashMap<i64, (ChallengeState, bool)>,
    /// Whether the hours hold back work.
    closed: Option<bool>,
}

impl Default for Events {
    fn default() -> Self {
        Self { sender: broadcast::Sender::new(BACKLOG), published: Mutex::default() }
    }
}

impl Events {
    fn published(&self) -> MutexGuard<'_, Published> {
        self.published.lock()
    }

    /// Subscribes to the events from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.sender.subscribe()
    }

    /// Publishes an event; a challenge's state only if it has changed. There may be no subscribers.
    pub fn publish(&self, event: Event) {
        let mut published = self.published();
        if let Event::ChallengeState { challenge_id, state, enabled, .. } = &event
            && published.challenges.insert(*challenge_id, (*state, *enabled)) == Some((*state, *enabled))
        {
            return;
        }
        let _ = self.sender.send(event);
    }

    /// Returns whether a challenge was last published as queued.
    pub fn knows_due(&self, challenge_id: i64) -> bool {
        self.published().challenges.get(&challenge_id).is_some_and(|(state, _)| *state == ChallengeState::Queued)
    }

    /// Returns whether the hours were last published as holding back work; `None` if neither was published yet.
    pub fn published_closed(&self) -> Option<bool> {
        self.published().closed
    }

    /// Records that the hours are published as holding back work, or not. Returns what was published before.
    pub fn set_published_closed(&self, closed: bool) -> Option<bool> {
        self.published().closed.replace(closed)
    }

    /// Publishes the liveness of a runner if it has changed. The lock is held while `liveness` is determined and
    /// published, so that the last published is the newest.
    pub fn publish_liveness(&self, runner: &RunnerId, liveness: impl FnOnce() -> Liveness, timestamp: Timestamp) {
        let mut published = self.published();
        let Liveness { status, busy } = liveness();
        if published.runners.insert(runner.clone(), Liveness { status, busy }) != Some(Liveness { status, busy }) {
            let _ = self.sender.send(Event::RunnerStatus { runner_id: runner.clone(), status, busy, timestamp });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::broadcast::error::RecvError;

    const NOW: Timestamp = Timestamp::from_millis(1_705_314_600_000);

    fn roof() -> RunnerId {
        RunnerId::new("roof").unwrap()
    }

    #[tokio::test]
    async fn a_status_is_published_once() {
        let events = Events::default();
        let mut watcher = events.sender.subscribe();
        for expected in [false, false, true] {
            events.publish_liveness(&roof(), || Liveness { status: RunnerStatus::Online, busy: expected }, NOW);
        }
        for expected in [false, true] {
            assert!(matches!(watcher.recv().await, Ok(Event::RunnerStatus { busy, .. }) if busy == expected));
        }
        assert!(watcher.is_empty());
    }

    #[tokio::test]
    async fn who_is_too_slow_is_told_how_much_is_lost_and_holds_nobody_up() {
        let events = Events::default();
        let mut watcher = events.sender.subscribe();
        for n in 0..BACKLOG + 5 {
            let (kind, subject, message) = (AlarmKind::Clock, String::new(), n.to_string());
            events.publish(Event::Alarm { kind, subject, message, active: true, timestamp: NOW });
        }
        assert_eq!(watcher.recv().await, Err(RecvError::Lagged(5)));
        assert!(matches!(watcher.recv().await, Ok(Event::Alarm { message, .. }) if message == "5"));
    }
}
