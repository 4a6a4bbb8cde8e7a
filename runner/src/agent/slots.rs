//! Limits each radio to one transmission at a time, whatever the server hands out.

use challengectl_common::RadioId;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// One slot for each radio that takes work.
pub(super) struct Slots(BTreeMap<RadioId, Arc<Semaphore>>);

impl Slots {
    pub(super) fn of(radios: impl Iterator<Item = RadioId>) -> Self {
        Self(radios.map(|radio| (radio, Arc::new(Semaphore::new(1)))).collect())
    }

    /// Takes the radio until the permit is dropped. Returns the reason if it is not available.
    pub(super) fn take(&self, radio: &RadioId) -> Result<OwnedSemaphorePermit, String> {
        let slot = self.0.get(radio).ok_or_else(|| format!("this runner has no radio {radio}"))?;
        let permit = Arc::clone(slot).try_acquire_owned();
        permit.map_err(|_| format!("radio {radio} is busy with another assignment"))
    }
}
