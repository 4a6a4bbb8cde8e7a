//! The plan of an event: where and how often everything will be on air. It is found by letting the schedule run on a clock
//! of its own, with the functions that hand out work in earnest. Pure: no clock, no database.

mod forecast;
mod report;
mod simulation;
pub mod stored;

pub use forecast::Forecast;
pub use report::{ChallengePlan, Never, Place, Plan, RadioPlan, WaitedFor, Waits};

use crate::schedule::Signal;
use crate::store::challenges::{Challenge, SignalProfile};
use crate::store::fleet::runners::Radio;
use challengectl_common::challenge::Kind;
use challengectl_common::{ChallengeSpec, Conference, FrequencyRules, Timestamp, Tuning};
use std::time::Duration;

/// A challenge that goes on air.
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
    /// Of a challenge with this signal profile, as far as the rules permit it.
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

    /// Of a stored challenge.
    #[must_use]
    pub fn stored(challenge: &Challenge, guard_hz: u64, rules: &FrequencyRules) -> Self {
        Self::new(&challenge.spec, &challenge.air.profile, guard_hz, rules)
    }

    /// Of a challenge of an event file.
    #[must_use]
    pub fn read(challenge: &challengectl_event::Challenge, guard_hz: u64, rules: &FrequencyRules) -> Self {
        Self::new(&challenge.spec, &crate::challenges::import::profile_of(challenge), guard_hz, rules)
    }
}

/// What is planned.
#[derive(Debug, Clone)]
pub struct Planning {
    /// The challenges that are enabled; all are due at the beginning.
    pub challenges: Vec<PlannedChallenge>,
    /// The radios, all of them free at the beginning, of runners that are never away.
    pub radios: Vec<Radio>,
    /// Hertz kept free between two signals.
    pub guard_hz: u64,
    /// The hours, which count with `auto_pause`.
    pub conference: Conference,
    /// The beginning.
    pub from: Timestamp,
    /// How long.
    pub length: Duration,
    /// What everything that is random is drawn from: the same seed, the same plan.
    pub seed: u64,
    /// The plan ends after so many transmissions, if that is before its length is over.
    pub max_transmissions: u64,
}

/// Finds the plan. Every transmission succeeds.
#[must_use]
pub fn plan(planning: &Planning) -> Plan {
    simulation::Simulation::new(planning).run()
}

#[cfg(test)]
mod tests;
