//! Jobs: ends sessions whose time is over, and notices runners that are silent or gone.

use super::life::end;
use super::{Instances, Session};
use crate::CoreError;
use crate::session::{Happening, SessionState};
use crate::store::Connection;
use crate::store::instances::sessions;
use challengectl_common::RunnerId;

/// Sessions that one transaction changes.
const BATCH: u32 = 100;

impl Instances {
    /// Stops sessions whose life, or whose time to start, is over, and those whose owners give no sign of life. Ends those
    /// that have waited for an engine as long as they may.
    pub async fn reap(&self) -> Result<(), CoreError> {
        while !self.due(&mut *self.context.store.read_for_players().await?, 1).await?.is_empty() {
            let mut transaction = self.context.store.write_for_players().await?;
            for (session, outcome) in self.due(&mut transaction, BATCH).await? {
                match session.state {
                    SessionState::Queued => self.give_up(&mut transaction, session).await?,
                    _ => drop(self.stop_in(&mut transaction, session, &outcome).await?),
                }
            }
            self.commit(transaction).await?;
        }
        Ok(())
    }

    /// Returns the sessions that are due, with their outcomes.
    async fn due(&self, connection: &mut Connection, limit: u32) -> Result<Vec<(Session, String)>, CoreError> {
        let now = self.context.clock.now();
        let over = sessions::to_reap(connection, now, limit).await?.into_iter().map(|session| {
            let outcome = match session.state {
                SessionState::Starting => "start timeout".to_owned(),
                // One that is solved says so already.
                _ => session.outcome.clone().unwrap_or_else(|| "expired".to_owned()),
            };
            (session, outcome)
        });
        // While the server was away, nobody could give a sign of life.
        let idle = sessions::idle(connection, now, self.started_at, limit).await?.into_iter();
        let idle = idle.filter(|session| session.reap_at > now).map(|session| (session, "idle".to_owned()));
        Ok(over.chain(idle).collect())
    }

    /// Stops the sessions of teams and players that are excluded from the event.
    pub async fn stop_excluded(&self) -> Result<(), CoreError> {
        while !sessions::of_excluded(&mut *self.context.store.read_for_players().await?, 1).await?.is_empty() {
            let mut transaction = self.context.store.write_for_players().await?;
            for session in sessions::of_excluded(&mut transaction, BATCH).await? {
                self.stop_in(&mut transaction, session, "excluded").await?;
            }
            self.commit(transaction).await?;
        }
        Ok(())
    }

    /// Marks the sessions of silent runners as lost, and ends those of runners that were removed.
    pub async fn look_after_runners(&self) -> Result<(), CoreError> {
        let mut connection = self.context.store.read_for_players().await?;
        let running = sessions::runners_with(&mut connection, SessionState::Running).await?;
        let abandoned = sessions::abandoned(&mut connection).await?;
        drop(connection);
        for runner in running.iter().filter(|runner| !self.is_heard(runner)) {
            tracing::warn!(%runner, "the runner is silent; its instances are lost until it is back");
            self.lose(runner).await?;
        }
        if abandoned.is_empty() {
            return Ok(());
        }
        let mut transaction = self.context.store.write_for_players().await?;
        let now = self.context.clock.now();
        let mut changes = Vec::new();
        for mut session in abandoned {
            let before = session.clone();
            let Some(next) = session.state.after(Happening::IsAbandoned) else { continue };
            session.state = next;
            session.reason = Some("the runner was removed".to_owned());
            end(&mut transaction, &mut session, now).await?;
            self.renumber(&mut transaction, &mut session).await?;
            sessions::update(&mut transaction, &session).await?;
            changes.push((before, session));
        }
        self.commit(transaction).await?;
        changes.iter().for_each(|(before, after)| self.tally.count(before, after));
        Ok(())
    }

    async fn lose(&self, runner: &RunnerId) -> Result<(), CoreError> {
        loop {
            let mut transaction = self.context.store.write_for_players().await?;
            let running = sessions::running_of(&mut transaction, runner, BATCH).await?;
            if running.is_empty() {
                return Ok(());
            }
            for mut session in running {
                session.state = session.state.after(Happening::IsSilent).unwrap_or(session.state);
                sessions::update(&mut transaction, &session).await?;
            }
            self.commit(transaction).await?;
        }
    }
}
