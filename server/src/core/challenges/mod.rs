//! What operators do with challenges one by one.

mod change;
mod form;
mod schemas;
mod trigger;

pub use form::Form;

use super::{Coordinator, CoreError};
use crate::store::Connection;
use crate::store::challenges::{self, Challenge};

impl Coordinator {
    /// All challenges, by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn challenges(&self) -> Result<Vec<Challenge>, CoreError> {
        Ok(challenges::all(&mut *self.store.read().await?).await?)
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
