//! Counts and publishes the ends of transmissions.

use crate::air::Air;
use crate::bus::challenge_state::ChallengeState;
use crate::bus::events::Event;
use crate::store::TransmissionStatus;
use crate::store::air::transmissions::Ended;
use crate::store::challenges::Challenge;
use challengectl_common::Timestamp;

/// A transmission that is over.
pub struct End {
    pub transmission: Ended,
    pub status: TransmissionStatus,
    pub error: Option<String>,
    /// The challenge, and when it is due again; `None` if the challenge was deleted meanwhile.
    pub next: Option<(Challenge, Timestamp)>,
}

impl Air {
    /// Counts and publishes an end that has been committed and whose lease has been removed.
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

    /// Publishes the state of a challenge that is not on air.
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

/// Returns the outcome for the counters. Successes of radios that send nothing are counted apart: they were not on air.
fn outcome(status: TransmissionStatus, simulated: bool) -> &'static str {
    match status {
        TransmissionStatus::Success if simulated => "simulated",
        _ => status.as_str(),
    }
}
