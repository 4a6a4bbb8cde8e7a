//! The server in numbers.

use super::{Coordinator, CoreError, RunnerState};
use crate::store::{TransmissionStatus, WriteTimes, figures};
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
}

/// Counts how transmissions end. In memory: the history in the database gets shorter when it is old, and a count must
/// not.
#[derive(Debug, Default)]
pub struct Tally(Mutex<BTreeMap<(String, &'static str), u64>>);

impl Tally {
    /// One more.
    pub fn count(&self, modulation: String, outcome: TransmissionStatus) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry((modulation, outcome.as_str())).or_default() += 1;
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
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn figures(&self) -> Result<Figures, CoreError> {
        let runners = self.runners().await?;
        let challenges = figures::challenges(&mut *self.store.read().await?, self.clock.now()).await?;
        Ok(Figures { runners, challenges, transmissions: self.tally.all() })
    }
}
