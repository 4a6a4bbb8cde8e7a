//! What has been, for people to look at.

use super::{Coordinator, CoreError, RunnerStatus};
use crate::store::history::{self, Filter, Page, Transmission};
use crate::store::logs::{self, LogEntry};
use crate::store::{self, challenges};
use std::sync::Arc;
use std::time::Duration;

const RECENT: Page = Page { limit: 10, offset: 0 };
/// Rows that one transaction forgets: the writer must not be held for long.
const BATCH: u32 = 1000;

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
    /// All transmissions, over or not.
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
        let all = Filter::default();
        Ok(Stats {
            runners: runners.len(),
            active_runners: runners.iter().filter(|state| state.liveness.status == RunnerStatus::Online).count(),
            challenges: challenges.len(),
            enabled_challenges: challenges.iter().filter(|challenge| challenge.spec.enabled).count(),
            transmissions: history::count(&mut connection, &all).await?,
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
        let limit = age.map(|age| self.clock.now().before(age));
        loop {
            let mut transaction = self.store.write().await?;
            let mut forgotten = 0;
            if let Some(limit) = limit {
                forgotten += history::forget_before(&mut transaction, limit, BATCH).await?;
            }
            if let Some(count) = count {
                forgotten += history::forget_beyond(&mut transaction, count, BATCH).await?;
            }
            store::commit(transaction).await?;
            if forgotten == 0 {
                return Ok(());
            }
        }
    }
}
