//! Whether a request to start is granted, by the policy of its challenge.

use super::super::{Instances, Session};
use super::{Opening, Wish};
use crate::CoreError;
use crate::session::SessionState;
use crate::store::Connection;
use crate::store::instances::InstanceChallenge;
use crate::store::instances::sessions;
use challengectl_common::Timestamp;
use challengectl_common::instance::{OnExisting, Policy};
use std::time::Duration;

/// The outcomes after which an owner has to wait: those that are of the owner's own making, or as announced.
const COOLING: [&str; 4] = ["stopped", "expired", "idle", "solved"];

/// By whose rules a request to start is granted.
#[derive(Debug, Clone, Default)]
pub enum Terms {
    /// By the policy of the challenge.
    #[default]
    Policy,
    /// An instance that has run for this long gives way to the next one; a younger one, and one that starts, does not. After
    /// an end nobody waits.
    Revert(Duration),
    /// Always: it is one of several with a process.
    Open(Opening),
}

/// What a request to start gets.
pub(super) enum Admission {
    /// A session of its own.
    New,
    /// The one that is there.
    Existing(Session),
    /// A session of its own, after the one that is there has ended.
    Instead(Session),
}

impl Instances {
    /// Returns what a request of an owner gets. `is_restarted`: it has ended a session already, and ends no other one.
    pub(super) async fn admit(
        &self,
        connection: &mut Connection,
        challenge: &InstanceChallenge,
        wish: &Wish,
        is_restarted: bool,
    ) -> Result<Admission, CoreError> {
        if let Terms::Revert(after) = wish.terms {
            return self.admit_revert(connection, challenge.id, wish, after).await;
        }
        let owner = &wish.owner;
        let (policy, now) = (&challenge.policy, self.context.clock.now());
        let Some(session) = sessions::live(connection, owner, challenge.id).await? else {
            let last = sessions::latest(connection, owner, challenge.id).await?;
            wait_over(last.and_then(|last| cooled_at(&last, policy, now)), now)?;
            return Ok(Admission::New);
        };
        match policy.on_existing {
            _ if is_restarted => Ok(Admission::Existing(session)),
            OnExisting::Refuse => {
                Err(CoreError::Conflict("there is an instance of this challenge; stop it first".to_owned()))
            }
            // One that comes is as good as another one.
            OnExisting::Restart if session.running_at.is_some() => {
                wait_over(session.running_at.map(|at| at.after(cooldown(policy))), now)?;
                Ok(Admission::Instead(session))
            }
            OnExisting::Return | OnExisting::Restart => Ok(Admission::Existing(session)),
        }
    }

    /// Returns what a request gets by [`Terms::Revert`].
    async fn admit_revert(
        &self,
        connection: &mut Connection,
        challenge: i64,
        wish: &Wish,
        after: Duration,
    ) -> Result<Admission, CoreError> {
        let live = sessions::live(connection, &wish.owner, challenge).await?;
        let Some(session) = live else { return Ok(Admission::New) };
        if session.front != wish.front {
            let why = format!("there is an instance of this challenge, started by the {} front", session.front);
            return Err(CoreError::Conflict(why));
        }
        // One that starts is as young as can be.
        let now = self.context.clock.now();
        wait_over(Some(session.running_at.unwrap_or(now).after(after)), now)?;
        Ok(Admission::Instead(session))
    }
}

fn cooldown(policy: &Policy) -> Duration {
    Duration::from_secs(policy.cooldown_seconds.into())
}

/// Returns when the next session may follow on one that is not live; `None`: at once.
fn cooled_at(last: &Session, policy: &Policy, now: Timestamp) -> Option<Timestamp> {
    let outcome = last.outcome.as_deref().filter(|_| last.running_at.is_some() && policy.cooldown_seconds > 0);
    outcome.filter(|outcome| COOLING.contains(outcome))?;
    let ended_at = if last.state == SessionState::Stopping { Some(now) } else { last.ended_at };
    Some(ended_at?.after(cooldown(policy)))
}

fn wait_over(until: Option<Timestamp>, now: Timestamp) -> Result<(), CoreError> {
    match until.map(|until| until.since(now)) {
        Some(wait) if !wait.is_zero() => Err(CoreError::Cooldown(wait)),
        _ => Ok(()),
    }
}
