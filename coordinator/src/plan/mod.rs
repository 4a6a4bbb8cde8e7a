//! The plan of an event: where and how often each challenge will be on air. It simulates the schedule with the functions
//! that hand out work. Pure: no clock, no database.

mod forecast;
mod report;
mod simulation;
pub mod stored;

pub use forecast::Forecast;
pub use report::{ChallengePlan, Never, Place, Plan, RadioPlan, WaitedFor, Waits};

use crate::schedule::Signal;
use crate::store::challenges::ranges::RangeBands;
use crate::store::challenges::{Challenge, SignalProfile};
use crate::store::fleet::runners::Radio;
use challengectl_common::challenge::Kind;
use challengectl_common::{ChallengeSpec, Conference, FrequencyRules, Timestamp, Tuning};
use std::time::Duration;

/// A challenge that is planned.
#[derive(Debug, Clone)]
pub struct PlannedChallenge {
    name: String,
    modulation: String,
    tuning: Tuning,
    signal: Signal,
    priority: i64,
    min_delay_ms: i64,
    max_delay_ms: i64,
}

impl PlannedChallenge {
    /// Returns a challenge with this signal profile, on the frequencies that the rules permit.
    #[must_use]
    pub fn new(spec: &ChallengeSpec, profile: &SignalProfile, guard_hz: u64, rules: &FrequencyRules) -> Self {
        let Kind::Transmission(transmission) = &spec.kind;
        let signal = Signal::new(&transmission.tuning, profile, &transmission.only_on, guard_hz);
        Self {
            name: spec.name.to_string(),
            modulation: transmission.modulation.clone(),
            tuning: transmission.tuning.clone(),
            signal: signal.permitted(rules),
            priority: transmission.priority,
            min_delay_ms: transmission.min_delay_ms,
            max_delay_ms: transmission.max_delay_ms,
        }
    }

    /// Returns a stored challenge.
    #[must_use]
    pub fn stored(challenge: &Challenge, guard_hz: u64, rules: &FrequencyRules) -> Self {
        Self::new(&challenge.spec, &challenge.air.profile, guard_hz, rules)
    }

    /// Returns a challenge of an event file.
    #[must_use]
    pub fn read(challenge: &challengectl_event::Challenge, guard_hz: u64, rules: &FrequencyRules) -> Self {
        Self::new(&challenge.spec, &crate::challenges::import::profile_of(challenge), guard_hz, rules)
    }
}

/// The event that is planned.
#[derive(Debug)]
pub struct PlannedEvent {
    /// The enabled challenges.
    pub challenges: Vec<PlannedChallenge>,
    /// Its hours.
    pub conference: Conference,
    /// The bands of its named ranges.
    pub ranges: RangeBands,
}

/// The input of a plan.
#[derive(Debug, Clone)]
pub struct Planning {
    /// The enabled challenges. All are due at `from`.
    pub challenges: Vec<PlannedChallenge>,
    /// The radios. All are free at `from`, and their runners always poll.
    pub radios: Vec<Radio>,
    /// The bands of the named ranges, to which radios may be limited.
    pub ranges: RangeBands,
    /// The guard: hertz kept free between two signals.
    pub guard_hz: u64,
    /// The hours of the conference; they apply with `auto_pause`.
    pub conference: Conference,
    /// The time at which the plan begins.
    pub from: Timestamp,
    /// The time that it covers.
    pub length: Duration,
    /// The seed of the random numbers: the same seed gives the same plan.
    pub seed: u64,
    /// The plan ends after so many transmissions, if that is before its length is over.
    pub max_transmissions: u64,
}

/// Computes the plan. It assumes that every transmission succeeds.
#[must_use]
pub fn plan(planning: &Planning) -> Plan {
    simulation::Simulation::new(planning).run()
}

#[cfg(test)]
mod tests;
