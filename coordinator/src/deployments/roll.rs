//! Replacing what is behind its challenge, some at a time.

use super::Deployments;
use super::tend::challenges;
use crate::CoreError;
use crate::session::SessionState;
use crate::store::Connection;
use crate::store::deployments::Goal;
use crate::store::deployments::slots::{self, Slot};
use crate::store::instances::sessions::{self, Session};

/// Instances of a challenge that are replaced at a time: players of the other teams notice nothing, and the registry and
/// the nodes are asked for as many images as at an ordinary moment.
const MAX_REPLACED: usize = 3;

/// How far the instances of a challenge have followed it.
#[derive(Debug, Default)]
struct Rollout {
    /// Those that have not.
    behind: Vec<(Slot, Session)>,
    /// Whether one of these has another spec.
    is_respecified: bool,
    /// Those that have, and start.
    starting: usize,
    /// Those that have, and do not start.
    failing: usize,
    /// Whether one that has runs.
    has_run: bool,
}

impl Rollout {
    fn count(&mut self, slot: Slot, session: Session, goal: Goal) {
        if !slot.wanted || slot.paused || session.place.is_none() || !session.state.is_live() {
            return;
        }
        if slot.generation != goal.generation || session.version != goal.version {
            self.is_respecified |= session.version != goal.version;
            self.behind.push((slot, session));
            return;
        }
        match session.state {
            SessionState::Starting if slot.message.is_some() => self.failing += 1,
            SessionState::Starting => self.starting += 1,
            _ => self.has_run = true,
        }
    }

    /// Returns how many may be replaced now. Those of another spec begin with one, the canary: while none of it runs, no
    /// other is touched, so that a spec that does not start takes one team off, and not all. Of the same spec, one that does
    /// not start keeps no others from being replaced.
    fn free(&self) -> usize {
        if self.is_respecified && !self.has_run {
            return 1_usize.saturating_sub(self.starting + self.failing);
        }
        MAX_REPLACED.saturating_sub(self.starting)
    }
}

impl Deployments {
    /// Replaces some of the instances that are behind their challenge.
    pub(super) async fn roll(&self, connection: &mut Connection, challenge: i64) -> Result<(), CoreError> {
        let Some(it) = challenges(connection).await?.remove(&challenge) else { return Ok(()) };
        let Some(goal) = it.goal else { return Ok(()) };
        let mut rollout = Rollout::default();
        for slot in slots::of_challenge(connection, challenge).await? {
            if let Some(session) = sessions::get(connection, slot.session_id).await? {
                rollout.count(slot, session, goal);
            }
        }
        let free = rollout.free();
        for (slot, session) in rollout.behind.into_iter().take(free) {
            tracing::info!(challenge = it.name, team = slot.team, "replaced");
            self.renew(connection, slot, session, goal).await?;
        }
        Ok(())
    }
}
