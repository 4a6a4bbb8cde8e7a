//! A cache of what many clients request, read from the database only after a change.

use super::revision::Revision;
use crate::CoreError;
use std::sync::Arc;
use tokio::sync::Mutex;

/// A value read from the database, with its revision. The lock is held while reading, so that of many callers that find
/// the value out of date only one reads it.
#[derive(Debug)]
pub struct Cached<T>(Mutex<Option<(u64, Arc<T>)>>);

impl<T> Default for Cached<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Cached<T> {
    /// Returns the value, at least as new as the last announcement before the call, and its revision.
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
