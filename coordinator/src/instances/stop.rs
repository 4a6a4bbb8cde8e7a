//! Stopping.

use super::{Instances, Session};
use crate::CoreError;
use crate::audit::{self, Actor};
use crate::session::Happening;
use crate::store::Connection;
use crate::store::deployments::slots;
use crate::store::instances::sessions;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How long a request waits until nothing of its session is left. Its runner goes on after that.
pub(super) const STOP_TIMEOUT: Duration = Duration::from_secs(15);

/// Sessions that one transaction stops.
const BATCH: u32 = 100;

impl Instances {
    /// Stops a session for its owner, and waits up to 15 seconds until nothing of it is left. Returns `false` if it had
    /// ended, or was being stopped.
    pub async fn stop(self: &Arc<Self>, session: i64, outcome: &'static str, by: Actor) -> Result<bool, CoreError> {
        self.stop_within(session, outcome, by, STOP_TIMEOUT).await
    }

    /// Stops a session, and waits so long at most until nothing of it is left. Returns `false` as [`stop`](Self::stop) does.
    pub(super) async fn stop_within(
        self: &Arc<Self>,
        session: i64,
        outcome: &'static str,
        by: Actor,
        limit: Duration,
    ) -> Result<bool, CoreError> {
        let this = Arc::clone(self);
        let stops = self.context.run_to_completion(async move { this.order_stop(session, outcome, &by).await }).await?;
        if stops {
            self.wait_until_over(session, limit).await?;
        }
        Ok(stops)
    }

    /// Stops a session by order of an operator, and does not wait. The instance of a team keeps its address, and a deploy
    /// brings it back.
    ///
    /// # Errors
    /// [`CoreError::NotFound`] when it has ended, or is being stopped.
    pub async fn kill(self: &Arc<Self>, session: i64, actor: Actor) -> Result<(), CoreError> {
        let this = Arc::clone(self);
        self.context
            .command(actor, "instance.stop", move |mut command| async move {
                let missing = || CoreError::NotFound(format!("live instance {session}; it may have ended"));
                let found = sessions::get(&mut command, session).await?.ok_or_else(missing)?;
                let details = format!("of {}, challenge {}", found.owner, found.challenge_id);
                let stops = match slots::of_session(&mut command, session).await? {
                    // Without a stop of the slot it would get another session at once.
                    Some(slot) => this.pause(&mut command, slot).await?,
                    None => this.stop_in(&mut command, found, "killed").await?,
                };
                if !stops {
                    return Err(missing());
                }
                let newest = sessions::revision(&mut command).await?;
                let done = command.commit(&session.to_string(), Some(&details)).await?;
                this.wake(newest);
                Ok(done)
            })
            .await
    }

    /// Stops the session of a front with this key by order of an operator, and does not wait.
    ///
    /// # Errors
    /// [`CoreError::NotFound`] when there is none, or it has ended.
    pub async fn kill_of_front(self: &Arc<Self>, front: &str, key: &str, actor: Actor) -> Result<(), CoreError> {
        let found = sessions::find(&mut *self.context.store.read_for_players().await?, front, key).await?;
        let found = found.ok_or_else(|| CoreError::NotFound("session with this id".to_owned()))?;
        self.kill(found.id, actor).await
    }

    /// Stops all sessions of a front by order of an operator, and does not wait. Each transaction stops some of them, so that
    /// others can start meanwhile.
    pub async fn kill_all_of_front(self: &Arc<Self>, front: &'static str, actor: Actor) -> Result<(), CoreError> {
        let this = Arc::clone(self);
        self.context
            .command(actor, "instance.stop_all", move |mut command| async move {
                let newest = sessions::newest_of_front(&mut command, front).await?;
                let done = command.commit(front, None).await?;
                while this.kill_some(front, newest).await? {}
                Ok(done)
            })
            .await
    }

    /// Stops some of the sessions of a front that are not newer than this one. Returns whether there were any.
    async fn kill_some(&self, front: &str, newest: i64) -> Result<bool, CoreError> {
        let mut transaction = self.context.store.write_for_players().await?;
        let some = sessions::some_of_front(&mut transaction, front, newest, BATCH).await?;
        if some.is_empty() {
            return Ok(false);
        }
        for session in some {
            self.stop_in(&mut transaction, session, "killed").await?;
        }
        self.commit(transaction).await?;
        Ok(true)
    }

    pub(super) async fn order_stop(&self, id: i64, outcome: &'static str, by: &Actor) -> Result<bool, CoreError> {
        let mut transaction = self.context.store.write_for_players().await?;
        let Some(session) = sessions::get(&mut transaction, id).await? else { return Ok(false) };
        let details = format!("{outcome}, of {}, front {}", session.owner, session.front);
        let stops = self.stop_in(&mut transaction, session, outcome).await?;
        if stops {
            let now = self.context.clock.now();
            audit::record_of_player(&mut transaction, by, "instance.stop", &id.to_string(), &details, now).await?;
        }
        self.commit(transaction).await?;
        Ok(stops)
    }

    /// Makes a session stop, within a transaction. Returns `false` if it had ended, or was being stopped.
    pub(crate) async fn stop_in(
        &self,
        transaction: &mut Connection,
        mut session: Session,
        outcome: &str,
    ) -> Result<bool, CoreError> {
        let Some(next) = session.state.after(Happening::IsToStop) else { return Ok(false) };
        session.outcome = Some(outcome.to_owned());
        if next.is_over() {
            self.end_in_queue(transaction, session, next).await?;
            return Ok(true);
        }
        session.state = next;
        self.renumber(transaction, &mut session).await?;
        sessions::update(transaction, &session).await?;
        tracing::info!(session = session.id, outcome, "stopping");
        Ok(true)
    }

    pub(super) async fn wait_until_over(&self, id: i64, limit: Duration) -> Result<(), CoreError> {
        let deadline = Instant::now() + limit;
        let mut news = self.news.subscribe();
        loop {
            let session = sessions::get(&mut *self.context.store.read_for_players().await?, id).await?;
            let is_over = session.is_none_or(|session| session.state.is_over());
            if is_over || self.context.revision.is_stopping() || Instant::now() >= deadline {
                return Ok(());
            }
            let _ = timeout_at(deadline, news.changed()).await;
        }
    }
}
