//! What many ask for, read from the database only when something has changed.

use super::revision::Revision;
use crate::CoreError;
use std::sync::Arc;
use tokio::sync::Mutex;

/// Something read from the database, as of some revision. Who finds it out of date keeps the lock while reading, so that
/// the others do not read the same.
#[derive(Debug)]
pub struct Cached<T>(Mutex<Option<(u64, Arc<T>)>>);

impl<T> Default for Cached<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Cached<T> {
    /// At least as new as the last announcement before the call, and the revision that it is of.
    pub async fn get(
        &self,
        revision: &Revision,
        read: impl AsyncFnOnce() -> Result<T, CoreError>,
    ) -> Result<(u64, Arc<T>), CoreError> {
        let mut cache = self.0.lock().await;
        let revision = revision.current();
        if let Some((cached, content)) = &*cache
            && *cached == revision
        {
            return Ok((revision, Arc::clone(content)));
        }
        let content = Arc::new(read().await?);
        *cache = Some((revision, Arc::clone(&content)));
        Ok((revision, content))
    }
}
