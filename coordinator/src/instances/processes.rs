//! Sessions with a process, as the sessions API shows them.

use super::{Instances, Session};
use crate::CoreError;
use crate::audit::Actor;
use crate::session::{Owner, SessionState};
use crate::store::Connection;
use crate::store::instances::processes::{self, Details};
use crate::store::instances::sessions;
use challengectl_common::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// How long a request waits until the process and its files are gone. A killed one takes far less.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(10);

/// How often what is sent to a process is recorded as a sign of life.
const SIGN_PERIOD: Duration = Duration::from_secs(5);

/// A session with a process.
#[derive(Debug, Clone)]
pub struct ProcessSession {
    /// The session. It is live, or has failed and is still shown.
    pub session: Session,
    /// The last sign of life.
    pub last_active_at: Timestamp,
    /// The port of the process in its own network, once it has answered there.
    pub port: Option<u16>,
    /// Whether something that was sent to it is not yet answered.
    pub is_busy: bool,
}

impl Instances {
    /// Returns the session of a front with this key; `None` if there is none, or it has ended.
    pub async fn process_session(&self, front: &str, key: &str) -> Result<Option<ProcessSession>, CoreError> {
        let mut connection = self.context.store.read_for_players().await?;
        match sessions::find(&mut connection, front, key).await? {
            Some(session) => self.shown(&mut connection, session).await,
            None => Ok(None),
        }
    }

    /// Returns the sessions of a front, all or those of an owner, the newest first.
    pub async fn process_sessions(&self, front: &str, owner: Option<&Owner>) -> Result<Vec<ProcessSession>, CoreError> {
        let mut connection = self.context.store.read().await?;
        let mut all = Vec::new();
        for session in processes::shown(&mut connection, front, owner, self.context.clock.now()).await? {
            let details = processes::get(&mut connection, session.id).await?.unwrap_or_default();
            all.push(self.with_details(session, &details));
        }
        Ok(all)
    }

    /// Takes a sign of life of the owner of a session. Returns the session after it; `None` if it has ended.
    pub async fn touch(self: &Arc<Self>, session: i64) -> Result<Option<ProcessSession>, CoreError> {
        let this = Arc::clone(self);
        self.context.run_to_completion(async move { this.touch_now(session).await }).await
    }

    async fn touch_now(&self, id: i64) -> Result<Option<ProcessSession>, CoreError> {
        let mut transaction = self.context.store.write_for_players().await?;
        let Some(session) = sessions::get(&mut transaction, id).await? else { return Ok(None) };
        if self.shown(&mut transaction, session.clone()).await?.is_none() {
            return Ok(None);
        }
        processes::touch(&mut transaction, id, self.context.clock.now()).await?;
        if session.state.is_live() {
            self.keep_alive_in(&mut transaction, session.clone()).await?;
        }
        let shown = self.shown(&mut transaction, session).await?;
        self.commit(transaction).await?;
        Ok(shown)
    }

    /// Takes what is sent to a process as a sign of life, unless there was one just before.
    pub async fn touch_by_use(self: &Arc<Self>, session: &ProcessSession) -> Result<(), CoreError> {
        if self.context.clock.now().since(session.last_active_at) >= SIGN_PERIOD {
            self.touch(session.session.id).await?;
        }
        Ok(())
    }

    /// Ends a session that is shown, and waits until nothing of it is left: for its owner, or by order of an operator. Returns
    /// `false` if it had ended.
    pub async fn close(
        self: &Arc<Self>,
        session: &ProcessSession,
        by: Actor,
        is_owner: bool,
    ) -> Result<bool, CoreError> {
        let id = session.session.id;
        if session.session.state.is_live() && self.end_now(id, by, is_owner).await? {
            return Ok(true);
        }
        // It has failed, maybe just now.
        self.dismiss(id).await
    }

    async fn end_now(self: &Arc<Self>, id: i64, by: Actor, is_owner: bool) -> Result<bool, CoreError> {
        if is_owner {
            return self.stop_within(id, "stopped", by, CLOSE_TIMEOUT).await;
        }
        match self.kill(id, by).await {
            Ok(()) => {
                self.wait_until_over(id, CLOSE_TIMEOUT).await?;
                Ok(true)
            }
            Err(CoreError::NotFound(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Takes a session that has failed out of the lists. Returns `false` if it was not in them.
    pub(super) async fn dismiss(self: &Arc<Self>, id: i64) -> Result<bool, CoreError> {
        let this = Arc::clone(self);
        let dismiss = async move {
            let mut transaction = this.context.store.write_for_players().await?;
            let now = this.context.clock.now();
            let session = sessions::get(&mut transaction, id).await?;
            if session.is_none_or(|session| session.state != SessionState::Failed) {
                return Ok(false);
            }
            let done = processes::dismiss(&mut transaction, id, now).await?;
            this.commit(transaction).await?;
            Ok(done)
        };
        self.context.run_to_completion(dismiss).await
    }

    async fn shown(&self, connection: &mut Connection, session: Session) -> Result<Option<ProcessSession>, CoreError> {
        let now = self.context.clock.now();
        if !session.state.is_live() && !processes::is_shown(connection, &session, now).await? {
            return Ok(None);
        }
        let details = processes::get(connection, session.id).await?;
        Ok(details.map(|details| self.with_details(session, &details)))
    }

    fn with_details(&self, session: Session, details: &Details) -> ProcessSession {
        ProcessSession {
            last_active_at: details.last_active_at.unwrap_or(session.requested_at),
            port: details.port,
            is_busy: self.connections.count(session.id) > 0,
            session,
        }
    }
}
