//! Signs of life of owners: they keep instances from ending as idle. Extending is one, and gives a session its whole life
//! again.

use super::{Instances, Placed, Session, placed};
use crate::CoreError;
use crate::session::{Owner, SessionState};
use crate::store::Connection;
use crate::store::instances;
use crate::store::instances::sessions;
use challengectl_common::instance::Policy;
use std::sync::Arc;
use std::time::Duration;

impl Instances {
    /// Lets the session that an owner has of a challenge live as long from now on as it did when it was started. So it never
    /// has more time left than that.
    ///
    /// # Errors
    /// [`CoreError::NotFound`] when there is none, [`CoreError::Conflict`] when it does not run yet, ends since it is
    /// solved, or may not be extended.
    pub async fn extend(self: &Arc<Self>, owner: Owner, challenge: i64) -> Result<Placed, CoreError> {
        let this = Arc::clone(self);
        self.context.run_to_completion(async move { this.extend_now(&owner, challenge).await }).await
    }

    async fn extend_now(&self, owner: &Owner, challenge: i64) -> Result<Placed, CoreError> {
        let refuse = |why: &str| Err(CoreError::Conflict(why.to_owned()));
        let mut transaction = self.context.store.write_for_players().await?;
        let session = sessions::live(&mut transaction, owner, challenge).await?;
        let mut session = session.ok_or_else(missing)?;
        let policy = instances::get(&mut transaction, challenge).await?.map(|it| it.policy).unwrap_or_default();
        if !policy.extendable {
            return refuse("instances of this challenge cannot be extended");
        }
        if matches!(session.state, SessionState::Queued | SessionState::Starting) {
            return refuse("the instance is still starting; extend it when it runs");
        }
        if session.outcome.is_some() {
            return refuse("the challenge is solved; its instance ends");
        }
        let now = self.context.clock.now();
        session.reap_at = now.after(session.lifetime);
        session.idle_at = session.idle.map(|idle| now.after(idle));
        sessions::update(&mut transaction, &session).await?;
        let placed = placed(&mut transaction, session).await?;
        self.commit(transaction).await?;
        Ok(placed)
    }

    /// Takes a sign of life of the owner of a session.
    ///
    /// # Errors
    /// [`CoreError::NotFound`] when there is none.
    pub async fn keep_alive(self: &Arc<Self>, owner: Owner, challenge: i64) -> Result<Placed, CoreError> {
        let present = self.of_owner(&owner, challenge).await?.ok_or_else(missing)?;
        // Nothing to write, for thousands of players.
        if present.session.idle_at.is_none() {
            return Ok(present);
        }
        let this = Arc::clone(self);
        let keep = async move {
            let mut transaction = this.context.store.write_for_players().await?;
            let session = sessions::live(&mut transaction, &owner, challenge).await?.ok_or_else(missing)?;
            let id = session.id;
            if this.keep_alive_in(&mut transaction, session).await? {
                this.commit(transaction).await?;
            }
            Ok(id)
        };
        let id = self.context.run_to_completion(keep).await?;
        let mut connection = self.context.store.read_for_players().await?;
        let session = sessions::get(&mut connection, id).await?.ok_or_else(missing)?;
        placed(&mut connection, session).await
    }

    /// Takes a sign of life, within a transaction. Returns whether it changes something.
    pub(super) async fn keep_alive_in(
        &self,
        connection: &mut Connection,
        mut session: Session,
    ) -> Result<bool, CoreError> {
        let (Some(idle), Some(_)) = (session.idle, session.idle_at) else { return Ok(false) };
        session.idle_at = Some(self.context.clock.now().after(idle));
        sessions::update(connection, &session).await?;
        Ok(true)
    }
}

/// Returns how long a session lives without a sign of life.
pub(super) fn idle(policy: &Policy) -> Option<Duration> {
    policy.idle_seconds.map(|seconds| Duration::from_secs(seconds.into()))
}

fn missing() -> CoreError {
    CoreError::NotFound("instance; start it first".to_owned())
}
