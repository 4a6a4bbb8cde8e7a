//! Extending: a session gets its whole life again.

use super::{Instances, Placed, placed};
use crate::CoreError;
use crate::session::{Owner, SessionState};
use crate::store::instances::sessions;
use std::sync::Arc;

impl Instances {
    /// Lets the session that an owner has of a challenge live as long from now on as it did when it was started. So it never
    /// has more time left than that.
    ///
    /// # Errors
    /// [`CoreError::NotFound`] when there is none, [`CoreError::Conflict`] when it does not run yet, or is solved.
    pub async fn extend(self: &Arc<Self>, owner: Owner, challenge: i64) -> Result<Placed, CoreError> {
        let this = Arc::clone(self);
        self.context.run_to_completion(async move { this.extend_now(&owner, challenge).await }).await
    }

    async fn extend_now(&self, owner: &Owner, challenge: i64) -> Result<Placed, CoreError> {
        let mut transaction = self.context.store.write().await?;
        let session = sessions::live(&mut transaction, owner, challenge).await?;
        let mut session = session.ok_or_else(|| CoreError::NotFound("instance; start it first".to_owned()))?;
        if session.state == SessionState::Starting {
            return Err(CoreError::Conflict("the instance is still starting; extend it when it runs".to_owned()));
        }
        if session.solved_at.is_some() {
            return Err(CoreError::Conflict("the challenge is solved; its instance ends".to_owned()));
        }
        session.reap_at = self.context.clock.now().after(session.lifetime);
        sessions::update(&mut transaction, &session).await?;
        let placed = placed(&mut transaction, session).await?;
        self.commit(transaction).await?;
        Ok(placed)
    }
}
