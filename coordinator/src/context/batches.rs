//! Work that would hold the database for long, done in many short transactions.

use super::Context;
use crate::CoreError;
use crate::store::{self, Connection, StoreError};
use futures_util::future::BoxFuture;
use std::panic::Location;
use std::time::Duration;

/// Rows that one transaction forgets: 100 transmissions with their assignments take a tenth of the 100 ms that any
/// transaction may, which leaves room for slow disks.
pub const BATCH: u32 = 100;
/// Between two batches: other programs look only now and then whether they may write.
const PAUSE: Duration = Duration::from_millis(5);

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
                let changed = work(&mut transaction).await?;
                store::commit(transaction).await?;
                if changed == 0 {
                    return Ok(());
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}
