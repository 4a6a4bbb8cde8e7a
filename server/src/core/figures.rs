//! The server in numbers.

use super::alarms::Alarm;
use super::{Coordinator, CoreError, Gate, RunnerState};
use crate::store::figures;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// The server in numbers.
#[derive(Debug)]
pub struct Figures {
    /// Each runner.
    pub runners: Vec<RunnerState>,
    /// How many challenges there are in each state.
    pub challenges: Vec<(String, i64)>,
    /// How many transmissions have ended since the server started, by modulation and outcome.
    pub transmissions: Vec<(String, &'static str, u64)>,
    /// The alarms in force.
    pub alarms: Vec<Alarm>,
    /// What holds the system back.
    pub gate: Gate,
    /// Whether the hours of the conference do.
    pub closed_by_hours: bool,
}

/// Counts how transmissions end. In memory: the history in the database gets shorter when it is old, and a count must
/// not.
#[derive(Debug, Default)]
pub struct Tally(Mutex<BTreeMap<(String, &'static str), u64>>);

impl Tally {
    /// One more.
    pub fn count(&self, modulation: String, outcome: &'static str) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry((modulation, outcome)).or_default() += 1;
    }

    fn all(&self) -> Vec<(String, &'static str, u64)> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|((modulation, outcome), count)| (modulation.clone(), *outcome, *count)).collect()
    }
}

impl Coordinator {
    /// The server in numbers, now.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn figures(&self) -> Result<Figures, CoreError> {
        let runners = self.runners().await?;
        let challenges = figures::challenges(&mut *self.store.read().await?, self.clock.now()).await?;
        let (gate, _) = self.gate().await?;
        let closed_by_hours = gate.is_closed_by_hours(self.clock.now());
        let (transmissions, alarms) = (self.tally.all(), self.alarms());
        Ok(Figures { runners, challenges, transmissions, alarms, gate, closed_by_hours })
    }
}
