//! How much was sent over time.

use crate::CoreError;
use crate::store::TransmissionStatus;
pub use crate::store::log::history::Period;
use crate::store::log::history::{self, Filter};
use crate::views::Views;
use challengectl_common::Timestamp;
use std::time::Duration;

impl Views {
    /// Returns what was sent since `since`, by periods of `step` that begin at multiples of it, without empty periods.
    pub async fn activity(&self, since: Timestamp, step: Duration) -> Result<Vec<Period>, CoreError> {
        Ok(history::periods(&mut *self.context.store.read_few().await?, since, step).await?)
    }

    /// Returns the number of transmissions with this status.
    pub async fn count_of(&self, status: TransmissionStatus) -> Result<u64, CoreError> {
        let filter = Filter { status: Some(status), ..Filter::default() };
        Ok(history::count(&mut *self.context.store.read_few().await?, &filter).await?)
    }
}
