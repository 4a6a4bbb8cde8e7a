//! Forgetting what is not to be kept.

use crate::CoreError;
use crate::context::batches::BATCH;
use crate::maintenance::Maintenance;
use crate::store::log::history;
use std::time::Duration;

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

impl Maintenance {
    pub(super) async fn trim(&self) -> Result<(), CoreError> {
        self.files.forget_unused_files().await?;
        self.fleet.forget_tokens().await?;
        self.forget_old().await
    }

    /// Forgets the transmissions that are not to be kept.
    ///
    /// # Errors
    /// When the database cannot be written to; the next call tries again.
    pub async fn forget_old(&self) -> Result<(), CoreError> {
        let Retention { age, count, .. } = self.context.rules.retention;
        if let Some(age) = age {
            let limit = self.context.clock.now().before(age);
            self.context.in_batches(|connection| Box::pin(history::forget_before(connection, limit, BATCH))).await?;
        }
        let Some(count) = count else { return Ok(()) };
        // Counting to it takes a while; what is added meanwhile is forgotten next time.
        let newest = history::newest_beyond(&mut *self.context.store.read().await?, count).await?;
        let Some(newest) = newest else { return Ok(()) };
        self.context.in_batches(|connection| Box::pin(history::forget_up_to(connection, newest, BATCH))).await
    }
}
