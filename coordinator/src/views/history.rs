//! What has been, for people to look at.

use crate::batches::BATCH;
pub use crate::store::TransmissionStatus;
use crate::store::challenges;
use crate::store::log::history;
pub use crate::store::log::history::{Filter, Page, Transmission};
use crate::store::log::logs;
pub use crate::store::log::logs::LogEntry;
use crate::{Coordinator, CoreError, RunnerStatus};
use std::sync::Arc;
use std::time::Duration;

const RECENT: Page = Page { limit: 10, offset: 0 };

/// How much of the past is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retention {
    /// Transmissions planned longer ago are forgotten.
    pub age: Option<Duration>,
    /// Transmissions beyond the latest so many are forgotten.
    pub count: Option<u64>,
    /// Files that no challenge has used for so long are removed.
    pub unused_files: Option<Duration>,
}

/// Numbers for the dashboard.
#[derive(Debug)]
pub struct Stats {
    /// Runners that are enrolled.
    pub runners: usize,
    /// Of these, the ones that are there.
    pub active_runners: usize,
    /// All challenges.
    pub challenges: usize,
    /// Of these, the ones that are enabled.
    pub enabled_challenges: usize,
    /// Transmissions that were on air as a whole.
    pub transmissions: u64,
    /// Of these, the ones by radios that send nothing.
    pub simulated_transmissions: u64,
    /// The latest, newest first.
    pub recent: Vec<Transmission>,
}

impl Coordinator {
    /// A page of the transmissions that pass the filter, newest first, and how many pass in all.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn transmissions(&self, filter: &Filter, page: Page) -> Result<(Vec<Transmission>, u64), CoreError> {
        let mut connection = self.store.read().await?;
        let list = history::list(&mut connection, filter, page).await?;
        Ok((list, history::count(&mut connection, filter).await?))
    }

    /// A page of the log, newest first, and how many lines there are.
    ///
    /// # Errors
    /// When the database does not work.
    pub async fn logs(self: &Arc<Self>, page: Page) -> Result<(Vec<LogEntry>, u64), CoreError> {
        // Lines wait in memory for a moment, and people want to see the latest.
        let this = Arc::clone(self);
        self.undisturbed(async move { this.flush().await }).await?;
        let mut connection = self.store.read().await?;
        let list = logs::list(&mut connection, page).await?;
        Ok((list, logs::count(&mut connection).await?))
    }

    /// Numbers for the dashboard.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn stats(&self) -> Result<Stats, CoreError> {
        let runners = self.runners().await?;
        let mut connection = self.store.read().await?;
        let challenges = challenges::all(&mut connection).await?;
        let (all, sent) =
            (Filter::default(), Filter { status: Some(TransmissionStatus::Success), ..Filter::default() });
        Ok(Stats {
            runners: runners.len(),
            active_runners: runners.iter().filter(|state| state.liveness.status == RunnerStatus::Online).count(),
            challenges: challenges.len(),
            enabled_challenges: challenges.iter().filter(|challenge| challenge.spec.enabled).count(),
            transmissions: history::count(&mut connection, &sent).await?,
            simulated_transmissions: history::count_simulated(&mut connection).await?,
            recent: history::list(&mut connection, &all, RECENT).await?,
        })
    }

    /// Forgets the transmissions that are not to be kept.
    ///
    /// # Errors
    /// When the database cannot be written to; the next call tries again.
    pub async fn forget_old(&self) -> Result<(), CoreError> {
        let Retention { age, count, .. } = self.rules.retention;
        if let Some(age) = age {
            let limit = self.clock.now().before(age);
            self.in_batches(|connection| Box::pin(history::forget_before(connection, limit, BATCH))).await?;
        }
        let Some(count) = count else { return Ok(()) };
        // Counting to it takes a while; what is added meanwhile is forgotten next time.
        let newest = history::newest_beyond(&mut *self.store.read().await?, count).await?;
        let Some(newest) = newest else { return Ok(()) };
        self.in_batches(|connection| Box::pin(history::forget_up_to(connection, newest, BATCH))).await
    }
}
