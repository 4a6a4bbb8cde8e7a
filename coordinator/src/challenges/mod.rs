//! What operators do with challenges one by one.

mod change;
pub mod export;
mod form;
pub mod import;
pub(crate) mod import_upload;
mod look_alike;
mod trigger;

pub use form::Form;
pub(super) use look_alike::{Looks, difference};

use crate::store::Connection;
use crate::store::challenges;
pub use crate::store::challenges::Challenge;
use crate::store::challenges::ranges;
use crate::{Coordinator, CoreError};
use challengectl_common::challenge::NamedRange;
use std::sync::Arc;

impl Coordinator {
    /// All challenges, by name. Thousands may have the public page open, so the database is asked only when something
    /// has changed.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn challenges(&self) -> Result<Arc<Vec<Challenge>>, CoreError> {
        let read = async || Ok(challenges::all(&mut *self.store.read().await?).await?);
        Ok(self.challenges.get(self, read).await?.1)
    }

    /// The frequency ranges that challenges can name, by name: those that came with an event, and the well-known ones.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn ranges(&self) -> Result<Vec<NamedRange>, CoreError> {
        let mut known = ranges::all(&mut *self.store.read().await?).await?;
        for range in challengectl_event::well_known_ranges() {
            if !known.iter().any(|own| own.name == range.name) {
                known.push(range);
            }
        }
        known.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(known)
    }

    /// One challenge.
    ///
    /// # Errors
    /// [`CoreError::NotFound`] when there is none with this id.
    pub async fn challenge(&self, id: i64) -> Result<Challenge, CoreError> {
        existing(&mut *self.store.read().await?, id).await
    }
}

async fn existing(connection: &mut Connection, id: i64) -> Result<Challenge, CoreError> {
    challenges::find(connection, id).await?.ok_or_else(|| CoreError::NotFound(format!("challenge {id}")))
}
