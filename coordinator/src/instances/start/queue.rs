//! Jobs of the queue: places those that wait, and makes room for them.

use super::super::{Instances, Session};
use crate::CoreError;
use crate::session::{Happening, SessionState};
use crate::store::Connection;
use crate::store::instances::sessions::{self, queue, warm};

/// The outcome of a session that has waited in vain.
pub(super) const NO_ENGINE: &str = "no engine";

impl Instances {
    /// Places sessions that wait. Warm ones give way to those that find no room.
    pub async fn attend_to_queue(&self) -> Result<(), CoreError> {
        if queue::length(&mut *self.context.store.read_for_players().await?).await? == 0 {
            return Ok(());
        }
        loop {
            let mut transaction = self.context.store.write_for_players().await?;
            let placed = self.place_waiting(&mut transaction).await?;
            if placed == 0 && !self.make_room(&mut transaction).await? {
                return Ok(());
            }
            self.commit(transaction).await?;
            if placed == 0 {
                return Ok(());
            }
        }
    }

    /// Stops a warm session for each that waits, unless as many stop already. Returns whether it stops any.
    async fn make_room(&self, connection: &mut Connection) -> Result<bool, CoreError> {
        let is_there = |session: &Session| session.runner().is_some_and(|runner| self.is_heard(runner));
        let stopping = sessions::all_present(connection).await?.into_iter();
        let stopping =
            stopping.filter(|it| it.state == SessionState::Stopping && !it.owner.is_slot() && is_there(it)).count();
        let waiting = usize::try_from(queue::length(connection).await?).unwrap_or(usize::MAX);
        let warm = warm::all(connection).await?.into_iter().filter(is_there);
        let mut stops = false;
        for session in warm.take(waiting.saturating_sub(stopping)) {
            stops |= self.stop_in(connection, session, "made room").await?;
        }
        Ok(stops)
    }

    /// Ends a session that has waited in vain, within a transaction.
    pub(in super::super) async fn give_up(
        &self,
        connection: &mut Connection,
        mut session: Session,
    ) -> Result<(), CoreError> {
        let Some(next) = session.state.after(Happening::HasWaited) else { return Ok(()) };
        session.reason = Some("no engine had room".to_owned());
        session.outcome = Some(NO_ENGINE.to_owned());
        self.end_in_queue(connection, session, next).await
    }

    /// Ends a session that no runner has anything of, within a transaction. It is counted before the commit: one too many
    /// after a commit that fails does no harm.
    pub(in super::super) async fn end_in_queue(
        &self,
        connection: &mut Connection,
        mut session: Session,
        state: SessionState,
    ) -> Result<(), CoreError> {
        let before = session.clone();
        session.state = state;
        session.ended_at = Some(self.context.clock.now());
        self.renumber(connection, &mut session).await?;
        sessions::update(connection, &session).await?;
        tracing::info!(session = session.id, outcome = session.outcome, "ended in the queue");
        self.tally.count(&before, &session);
        Ok(())
    }
}
