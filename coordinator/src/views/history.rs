//! What has been, for people to look at.

pub use crate::store::TransmissionStatus;
use crate::store::challenges;
use crate::store::log::history;
pub use crate::store::log::history::{Filter, Page, Transmission};
use crate::store::log::logs;
pub use crate::store::log::logs::LogEntry;
use crate::views::Views;
use crate::{CoreError, RunnerStatus};
use std::sync::Arc;

const RECENT: Page = Page { limit: 10, offset: 0 };

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

impl Views {
    /// A page of the transmissions that pass the filter, newest first, and how many pass in all.
    pub async fn transmissions(&self, filter: &Filter, page: Page) -> Result<(Vec<Transmission>, u64), CoreError> {
        let mut connection = self.context.store.read().await?;
        let list = history::list(&mut connection, filter, page).await?;
        Ok((list, history::count(&mut connection, filter).await?))
    }

    /// A page of the log, newest first, and how many lines there are.
    pub async fn logs(self: &Arc<Self>, page: Page) -> Result<(Vec<LogEntry>, u64), CoreError> {
        // Lines wait in memory for a moment, and people want to see the latest.
        let this = Arc::clone(self);
        self.context.run_to_completion(async move { this.context.write_log().await }).await?;
        let mut connection = self.context.store.read().await?;
        let list = logs::list(&mut connection, page).await?;
        Ok((list, logs::count(&mut connection).await?))
    }

    /// Numbers for the dashboard.
    pub async fn stats(&self) -> Result<Stats, CoreError> {
        let runners = self.runners().await?;
        let mut connection = self.context.store.read().await?;
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
}
