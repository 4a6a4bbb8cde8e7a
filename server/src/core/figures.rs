//! The server in numbers.

use super::{Coordinator, CoreError};
use crate::store::TransmissionStatus;
use crate::store::figures::{self, RunnerFigures};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Heartbeats that may be missed in a row before a runner counts as offline.
const MISSED: u32 = 3;
/// Heartbeats are written down in batches, which takes so long at most.
const WRITTEN_WITHIN: Duration = Duration::from_secs(5);

/// The server in numbers.
#[derive(Debug)]
pub struct Figures {
    /// Each runner, and whether it is `online`, `busy` or `offline`.
    pub runners: Vec<(RunnerFigures, &'static str)>,
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
    /// The server in numbers, now.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn figures(&self) -> Result<Figures, CoreError> {
        let mut connection = self.store.read().await?;
        let runners = figures::runners(&mut connection).await?;
        let challenges = figures::challenges(&mut connection, self.clock.now()).await?;
        let runners = runners.into_iter().map(|runner| (self.status(&runner), runner));
        let runners = runners.map(|(status, runner)| (runner, status)).collect();
        Ok(Figures { runners, challenges, transmissions: self.tally.all() })
    }

    fn status(&self, runner: &RunnerFigures) -> &'static str {
        let patience = self.rules.heartbeat_interval * MISSED + WRITTEN_WITHIN;
        let heard = runner.last_heartbeat.is_some_and(|heard| self.clock.now().since(heard) <= patience);
        match () {
            () if !(runner.online && heard) => "offline",
            () if runner.live > 0 => "busy",
            () => "online",
        }
    }
}
