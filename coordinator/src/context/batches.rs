//! Long writes, split into many short transactions so that others can write in between.

use super::Context;
use crate::CoreError;
use crate::store::{self, Connection, StoreError};
use futures_util::future::BoxFuture;
use std::panic::Location;
use std::time::{Duration, Instant};

/// Rows that one transaction deletes: 50 transmissions with their assignments take a twentieth of the 100 ms that a
/// transaction may take. The rest is for disks: with a million rows to delete, a commit waited up to 84 ms for `fsync`.
pub const BATCH: u32 = 50;
/// The shortest pause between two batches: other processes poll for the write lock only now and then. After a longer
/// batch the pause is as long as the batch was, so that the work takes at most half of the disk's time.
const MIN_PAUSE: Duration = Duration::from_millis(5);

impl Context {
    /// Repeats `work`, each time in a transaction of its own, until it changes no more rows.
    #[track_caller]
    pub(crate) fn in_batches(
        &self,
        work: impl Fn(&mut Connection) -> BoxFuture<'_, Result<u64, StoreError>>,
    ) -> impl Future<Output = Result<(), CoreError>> {
        let place = Location::caller();
        async move {
            loop {
                let mut transaction = self.store.write_for(place).await?;
                let began = Instant::now();
                let changed = work(&mut transaction).await?;
                store::commit(transaction).await?;
                if changed == 0 {
                    return Ok(());
                }
                tokio::time::sleep(began.elapsed().max(MIN_PAUSE)).await;
            }
        }
    }
}
