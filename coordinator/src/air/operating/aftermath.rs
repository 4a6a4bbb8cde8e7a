//! After a restore: work that was handed out since the backup is not in the database, and may be on air. Nothing is
//! handed out until those leases are over.

use crate::CoreError;
use crate::air::Air;
use crate::clock::Moment;
use crate::store;
use crate::store::air::control;
use parking_lot::{Mutex, MutexGuard};

/// The time after a restore in which nothing is handed out.
#[derive(Debug)]
pub struct Aftermath(Mutex<Option<Moment>>);

impl Aftermath {
    /// Returns an aftermath that ends then; `None` if there was no restore.
    pub fn until(end: Option<Moment>) -> Self {
        Self(Mutex::new(end))
    }

    fn end(&self) -> MutexGuard<'_, Option<Moment>> {
        self.0.lock()
    }

    /// Returns whether the aftermath lasts, so that nothing may be handed out.
    pub fn is_on(&self, now: Moment) -> bool {
        self.end().is_some_and(|end| now < end)
    }
}

impl Air {
    /// Ends the aftermath when its time has come.
    pub(crate) async fn end_aftermath(&self) -> Result<(), CoreError> {
        let is_over = |end: &Moment| *end <= self.context.clock.instant();
        if self.aftermath.end().as_ref().is_none_or(|end| !is_over(end)) {
            return Ok(());
        }
        let mut transaction = self.context.store.write().await?;
        control::end_aftermath(&mut transaction).await?;
        store::commit(transaction).await?;
        *self.aftermath.end() = None;
        self.context.changed();
        Ok(())
    }
}
