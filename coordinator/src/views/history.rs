//! The past, for people: transmissions, logs and statistics.

pub use crate::store::TransmissionStatus;
use crate::store::challenges;
use crate::store::log::history;
pub use crate::store::log::history::{Filter, Page, Transmission};
use crate::store::log::logs;
pub use crate::store::log::logs::LogEntry;
use crate::views::Views;
use crate::{CoreError, RunnerStatus};
use std::sync::Arc;

/// The latest transmissions of the statistics.
const RECENT: Page = Page { limit: 10, offset: 0 };

/// Statistics for the dashboard.
#[derive(Debug)]
pub struct Stats {
    /// The number of enrolled runners.
    pub runners: usize,
    /// The number of these that are online.
    pub active_runners: usize,
    /// The number of challenges.
    pub challenges: usize,
    /// The number of these that are enabled.
    pub enabled_challenges: usize,
    /// The number of successful transmissions.
    pub transmissions: u64,
    /// The number of transmissions by radios that send nothing.
    pub simulated_transmissions: u64,
    /// The latest transmissions, newest first.
    pub recent: Vec<Transmission>,
}

impl Views {
    /// Returns a page of the transmissions that pass the filter, newest first, and the number of all that pass.
    pub async fn transmissions(&self, filter: &Filter, page: Page) -> Result<(Vec<Transmission>, u64), CoreError> {
        let mut connection = self.context.store.read().await?;
        let list = history::list(&mut connection, filter, page).await?;
        Ok((list, history::count(&mut connection, filter).await?))
    }

    /// Returns a page of the log, newest first, and the number of all lines.
    pub async fn logs(self: &Arc<Self>, page: Page) -> Result<(Vec<LogEntry>, u64), CoreError> {
        // The latest lines may still be in memory.
        let this = Arc::clone(self);
        self.context.run_to_completion(async move { this.context.write_log().await }).await?;
        let mut connection = self.context.store.read().await?;
        let list = logs::list(&mut connection, page).await?;
        Ok((list, logs::count(&mut connection).await?))
    }

    /// Returns statistics for the dashboard.
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
