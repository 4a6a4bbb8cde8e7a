//! Checkpoints: copy the write-ahead log into the database, so that the log can begin anew.
//!
//! They read and write thousands of pages in no order and wait for the disk twice. Within a commit, as SQLite makes
//! them by default, that keeps all other writers waiting for up to a second; on a connection of their own it does not.

use super::{Store, StoreError};

/// The size of a log that has found no moment without writers to begin anew, in pages: 64 MiB.
const MAX_PAGES: i64 = 16_384;

impl Store {
    /// Makes a checkpoint while others write.
    pub async fn checkpoint(&self) -> Result<(), StoreError> {
        if self.copy_pages().await? > MAX_PAGES {
            // The writer waits while the few pages that were added meanwhile are copied, so that the log can begin
            // anew.
            let _writer = self.writer.acquire().await?;
            self.copy_pages().await?;
        }
        Ok(())
    }

    /// Copies pages that are not copied yet. Returns the number of pages in the log.
    async fn copy_pages(&self) -> Result<i64, StoreError> {
        let (_busy, pages, _copied): (i64, i64, i64) =
            sqlx::query_as("PRAGMA wal_checkpoint(PASSIVE)").fetch_one(&self.checkpointer).await?;
        Ok(pages)
    }
}
