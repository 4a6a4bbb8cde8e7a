//! Retention: deletes transmissions, tokens and files that are not to be kept.

use crate::CoreError;
use crate::context::batches::BATCH;
use crate::maintenance::Maintenance;
use crate::rules::Retention;
use crate::store::log::history;

impl Maintenance {
    pub(super) async fn trim(&self) -> Result<(), CoreError> {
        self.files.forget_unused_files().await?;
        self.fleet.forget_tokens().await?;
        self.forget_old().await
    }

    /// Deletes the transmissions beyond [`Retention`].
    pub async fn forget_old(&self) -> Result<(), CoreError> {
        let Retention { age, count, .. } = self.context.rules.retention;
        if let Some(age) = age {
            let limit = self.context.clock.now().before(age);
            self.context.in_batches(|connection| Box::pin(history::forget_before(connection, limit, BATCH))).await?;
        }
        let Some(count) = count else { return Ok(()) };
        // Finding the limit takes a while; what is added meanwhile is deleted next time.
        let newest = history::newest_beyond(&mut *self.context.store.read().await?, count).await?;
        let Some(newest) = newest else { return Ok(()) };
        self.context.in_batches(|connection| Box::pin(history::forget_up_to(connection, newest, BATCH))).await
    }
}
