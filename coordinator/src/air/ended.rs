//! What is counted and told when a time on air is over.

use crate::air::Air;
use crate::bus::challenge_state::ChallengeState;
use crate::bus::events::Event;
use crate::store::TransmissionStatus;
use crate::store::air::transmissions::Ended;
use crate::store::challenges::Challenge;
use challengectl_common::Timestamp;

/// A time on air that is over.
pub struct End {
    pub transmission: Ended,
    pub status: TransmissionStatus,
    pub error: Option<String>,
    /// The challenge, and when it is due again; none when it was removed meanwhile.
    pub next: Option<(Challenge, Timestamp)>,
}

impl Air {
    /// Counts and tells of an end that has been committed, and whose lease is gone.
    pub(crate) fn publish_end(&self, end: End, now: Timestamp) {
        let End { transmission, status, error, next } = end;
        let runner = transmission.runner_id.clone();
        self.tally.count(transmission.modulation, outcome(status, transmission.simulated));
        self.context.events.publish(Event::Transmission {
            challenge_id: transmission.challenge_id,
            challenge_name: transmission.challenge_name,
            runner_id: transmission.runner_id,
            radio_id: transmission.radio_id,
            frequency: transmission.frequency,
            status: status.as_str(),
            error_message: error,
            simulated: transmission.simulated,
            timestamp: now,
        });
        if let Some((challenge, due_at)) = next {
            self.publish_off_air(challenge, due_at, now);
        }
        self.publish_liveness(&runner);
    }

    /// Tells the state of a challenge that is not on air.
    pub(crate) fn publish_off_air(&self, challenge: Challenge, due_at: Timestamp, now: Timestamp) {
        self.context.events.publish(Event::ChallengeState {
            challenge_id: challenge.id,
            challenge_name: challenge.spec.name,
            state: ChallengeState::of(false, due_at <= now),
            enabled: challenge.spec.enabled,
            runner_id: None,
            radio_id: None,
            frequency: None,
            timestamp: now,
        });
    }
}

/// The word for counts: what a radio that sends nothing succeeded with is no success of the event.
fn outcome(status: TransmissionStatus, simulated: bool) -> &'static str {
    match status {
        TransmissionStatus::Success if simulated => "simulated",
        _ => status.as_str(),
    }
}
