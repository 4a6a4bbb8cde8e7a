//! The canary: the first instance of a deploy. Others get a place once its node has the images, so that a name that is wrong is
//! asked for by one node, and not by all of them for as long as it takes somebody to notice (Kubernetes 103643).

use super::DeployedChallenge;
use crate::session::SessionState;
use crate::store::deployments::slots::Seen;

/// Returns the canary of a challenge among its slots, if those without a place must wait for its images. An instance that runs
/// has them, also if its runner does not tell which.
pub(super) fn awaited<'a>(it: &DeployedChallenge, slots: &'a [Seen]) -> Option<&'a Seen> {
    let goal = it.goal.filter(|_| it.images.is_empty())?;
    let follows = |seen: &&Seen| {
        let is_of_goal = seen.slot.generation == goal.generation && seen.version == goal.version;
        is_of_goal && seen.slot.wanted && !seen.slot.paused
    };
    let runs = |seen: &Seen| matches!(seen.state, SessionState::Running | SessionState::Lost);
    if slots.iter().filter(follows).any(runs) {
        return None;
    }
    slots.iter().filter(follows).find(|seen| seen.state == SessionState::Starting)
}
