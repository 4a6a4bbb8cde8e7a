//! Checkpoints: what the write-ahead log holds is copied into the database, so that the log can begin anew.
//!
//! They read and write thousands of pages in no order and wait for the disk twice. Within a commit, as SQLite makes them
//! by default, that keeps all other writers waiting for up to a second; on a connection of their own it does not.

use super::{Store, StoreError};

/// Pages of a log that has found no moment without writers to begin anew: 64 MiB.
const MAX_PAGES: i64 = 16_384;

impl Store {
    /// Makes a checkpoint while others write.
    pub async fn checkpoint(&self) -> Result<(), StoreError> {
        if self.copy_pages().await? > MAX_PAGES {
            // The writer waits for the few pages that have come meanwhile, so that the log can begin anew.
            let _writer = self.writer.acquire().await?;
            self.copy_pages().await?;
        }
        Ok(())
    }

    /// Returns how many pages the log has.
    async fn copy_pages(&self) -> Result<i64, StoreError> {
        let (_busy, pages, _copied): (i64, i64, i64) =
            sqlx::query_as("PRAGMA wal_checkpoint(PASSIVE)").fetch_one(&self.checkpointer).await?;
        Ok(pages)
    }
}
