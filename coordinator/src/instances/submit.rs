//! Submitting flags of sessions.

use super::deployed::pod_flags;
use super::{Instances, Session};
use crate::CoreError;
use crate::flags::{PodFlags, Sender, Try, Verdict};
use crate::session::Owner;
use crate::store::instances::{self, sessions};
use challengectl_common::Timestamp;
use challengectl_common::instance::Policy;
use std::sync::Arc;
use std::time::Duration;

/// How long a flag counts after its instance has ended by itself: a team must not lose a flag that it holds.
const GRACE: Duration = Duration::from_secs(600);

impl Instances {
    /// Compares a submission with the flag of a session. Returns it with the verdict.
    ///
    /// # Errors
    /// [`CoreError::NotFound`] when the session is not there any more, [`CoreError::TooMany`] after too many wrong ones.
    pub async fn submit(
        self: &Arc<Self>,
        front: &'static str,
        key: &str,
        sender: Sender,
        text: String,
    ) -> Result<(Session, Verdict), CoreError> {
        let session = sessions::find(&mut *self.context.store.read_for_players().await?, front, key).await?;
        let session = session.filter(|it| self.takes_flags(it)).ok_or_else(missing)?;
        self.flags.check_rate(session.challenge_id, &session.owner)?;
        let this = Arc::clone(self);
        self.context.run_to_completion(async move { this.judge(session.id, &sender, &text).await }).await
    }

    /// Compares a submission of an owner with the flags of a challenge, and with the flag of the owner's session, if there
    /// is one whose flag counts. Where the challenge is deployed for teams, that is the session of the owner's team.
    ///
    /// # Errors
    /// As [`submit`](Self::submit).
    pub async fn submit_for(
        self: &Arc<Self>,
        challenge: i64,
        owner: Owner,
        sender: Sender,
        text: String,
    ) -> Result<Verdict, CoreError> {
        let mut connection = self.context.store.read_for_players().await?;
        let latest = sessions::latest(&mut connection, &owner, challenge).await?;
        let Some(session) = latest.filter(|it| self.takes_flags(it)) else {
            let pods = pod_flags(&mut connection, challenge, &owner).await?;
            drop(connection);
            return self.flags.submit(challenge, owner, pods, sender, text).await;
        };
        drop(connection);
        self.flags.check_rate(challenge, &owner)?;
        let this = Arc::clone(self);
        let judged = async move { this.judge(session.id, &sender, &text).await };
        Ok(self.context.run_to_completion(judged).await?.1)
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

    async fn judge(&self, id: i64, sender: &Sender, text: &str) -> Result<(Session, Verdict), CoreError> {
        let mut transaction = self.context.store.write_for_players().await?;
        let session = sessions::get(&mut transaction, id).await?.ok_or_else(missing)?;
        let (challenge, owner, pods) = (session.challenge_id, &session.owner, &PodFlags::default());
        let it = Try { challenge, owner, sender, session: Some(&session), pods, text };
        let pending = self.flags.judge_in(&mut transaction, &it).await?;
        let now = self.context.clock.now();
        let is_solved = matches!(pending.verdict, Verdict::Right { is_whole: true, .. }) && session.solved_at.is_none();
        let after = if is_solved && session.state.is_over() {
            sessions::mark_solved(&mut transaction, session.id, now).await?;
            Session { solved_at: Some(now), ..session.clone() }
        } else if is_solved {
            let policy = instances::get(&mut transaction, session.challenge_id).await?.map(|it| it.policy);
            let after = solved(&session, &policy.unwrap_or_default(), now);
            sessions::update(&mut transaction, &after).await?;
            if after.reap_at <= now && after.outcome.as_deref() == Some("solved") {
                self.stop_in(&mut transaction, after.clone(), "solved").await?;
            }
            after
        } else {
            session.clone()
        };
        self.commit(transaction).await?;
        let verdict = self.flags.conclude(&it, pending);
        Ok((after, verdict))
    }
}

/// Returns a session after it was solved: it ends soon, if its policy says so.
fn solved(session: &Session, policy: &Policy, now: Timestamp) -> Session {
    let mut after = Session { solved_at: Some(now), ..session.clone() };
    if let Some(seconds) = policy.after_solve_seconds {
        after.reap_at = session.reap_at.min(now.after(Duration::from_secs(seconds.into())));
        after.outcome.get_or_insert_with(|| "solved".to_owned());
    }
    after
}

fn missing() -> CoreError {
    CoreError::NotFound("such session; it has ended, or its id is wrong".to_owned())
}
