//! Submitting flags.

use super::{Instances, Session};
use crate::CoreError;
use crate::store::Connection;
use crate::store::instances::sessions;
use crate::store::instances::solves::{self, Solve};
use crate::store::instances::{self, flags};
use challengectl_common::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// How long an instance lives after it is solved.
pub const AFTER_SOLVE: Duration = Duration::from_secs(30);
/// How long a flag counts after its instance has ended by itself: a team must not lose a flag that it holds.
const GRACE: Duration = Duration::from_secs(600);

/// What a submission is.
#[derive(Debug, Clone, Copy)]
pub enum Verdict {
    /// Right: what it is worth, and when the owner first solved it.
    Right {
        /// What it is worth.
        points: u32,
        /// When the owner solved it first.
        solved_at: Timestamp,
    },
    /// Wrong.
    Wrong,
}

impl Instances {
    /// Compares a submission with the flag of a session. Returns it with the verdict.
    ///
    /// # Errors
    /// [`CoreError::NotFound`] when the session is not there any more, [`CoreError::TooMany`] after too many wrong ones.
    pub async fn submit(
        self: &Arc<Self>,
        front: &'static str,
        key: &str,
        text: String,
    ) -> Result<(Session, Verdict), CoreError> {
        let session = sessions::find(&mut *self.context.store.read_few().await?, front, key).await?;
        let session = session.filter(|it| self.takes_flags(it)).ok_or_else(missing)?;
        let wait = self.tries.wait(&session.owner, session.challenge_id, self.context.clock.instant());
        if let Some(wait) = wait {
            return Err(CoreError::TooMany(wait));
        }
        let this = Arc::clone(self);
        self.context.run_to_completion(async move { this.judge(session.id, &text).await }).await
    }

    /// Returns whether flags of a session count: it is live, was solved within its life, or has died.
    fn takes_flags(&self, session: &Session) -> bool {
        let now = self.context.clock.now();
        let within = |time: Option<Timestamp>, life| time.is_some_and(|time| time.after(life) > now);
        match session.outcome.as_deref() {
            _ if session.state.is_live() => true,
            Some("solved") => within(session.running_at, session.lifetime),
            Some("failed") => within(session.ended_at, GRACE),
            _ => false,
        }
    }

    async fn judge(&self, id: i64, text: &str) -> Result<(Session, Verdict), CoreError> {
        let mut transaction = self.context.store.write().await?;
        let session = sessions::get(&mut transaction, id).await?.ok_or_else(missing)?;
        let stored = flags::of(&mut transaction, session.challenge_id).await?;
        if !self.flags.accept(&stored, &session, text)? {
            self.tries.count(&session.owner, session.challenge_id, self.context.clock.instant());
            return Ok((session, Verdict::Wrong));
        }
        let (session, solve) = self.solve(&mut transaction, session).await?;
        self.commit(transaction).await?;
        Ok((session, Verdict::Right { points: solve.points, solved_at: solve.solved_at }))
    }

    async fn solve(&self, transaction: &mut Connection, mut session: Session) -> Result<(Session, Solve), CoreError> {
        let now = self.context.clock.now();
        let points = instances::points(transaction, session.challenge_id).await?;
        let solve = Solve { points, solved_at: now };
        let (first, is_first) =
            solves::record(transaction, session.challenge_id, &session.owner, session.id, solve).await?;
        if session.solved_at.is_none() {
            session.solved_at = Some(now);
            session.reap_at = session.reap_at.min(now.after(AFTER_SOLVE));
            sessions::update(transaction, &session).await?;
        }
        if is_first {
            tracing::info!(challenge = session.challenge_id, owner = %session.owner, "solved");
        }
        Ok((session, first))
    }
}

fn missing() -> CoreError {
    CoreError::NotFound("such session; it has ended, or its id is wrong".to_owned())
}
