//! The server in numbers.

use crate::maintenance::alarms::Alarm;
pub use crate::store::WriteTimes;
use crate::store::log::figures;
use crate::{Coordinator, CoreError, Gate, RunnerState};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// The server in numbers.
#[derive(Debug)]
pub struct Figures {
    /// What the database tells; `None` when it cannot be read, which keeps none of the others back.
    pub stored: Option<Stored>,
    /// How many transmissions have ended since the server started, by modulation and outcome.
    pub transmissions: Vec<(String, &'static str, u64)>,
    /// The alarms in force.
    pub alarms: Vec<Alarm>,
    /// What holds the system back, if that is known.
    pub gate: Option<Gate>,
    /// Whether the hours of the conference do.
    pub closed_by_hours: bool,
}

/// Numbers out of the database.
#[derive(Debug)]
pub struct Stored {
    /// Each runner.
    pub runners: Vec<RunnerState>,
    /// How many challenges there are in each state.
    pub challenges: Vec<(String, i64)>,
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
    /// How long write transactions have taken.
    #[must_use]
    pub fn write_times(&self) -> &WriteTimes {
        self.store.write_times()
    }

    /// The server in numbers, now.
    pub async fn figures(&self) -> Figures {
        let stored =
            self.stored().await.inspect_err(|error| tracing::error!(%error, "the metrics lack what is stored"));
        let gate = self.gate().await.ok().map(|(gate, _)| gate);
        let closed_by_hours = gate.as_ref().is_some_and(|gate| gate.is_closed_by_hours(self.clock.now()));
        let (transmissions, alarms) = (self.tally.all(), self.alarms());
        Figures { stored: stored.ok(), transmissions, alarms, gate, closed_by_hours }
    }

    async fn stored(&self) -> Result<Stored, CoreError> {
        let runners = self.runners().await?;
        let challenges = figures::challenges(&mut *self.store.read().await?, self.clock.now()).await?;
        Ok(Stored { runners, challenges })
    }
}
