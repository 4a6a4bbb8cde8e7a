//! The canary: the first instance of a deploy. Others get a place once its node has the images, so that a name that is wrong is
//! asked for by one node, and not by all of them for as long as it takes somebody to notice (Kubernetes 103643).

use super::DeployedChallenge;
use crate::CoreError;
use crate::session::SessionState;
use crate::store::Connection;
use crate::store::deployments::images::followers;
use crate::store::deployments::slots::Seen;

/// Returns whether the instances of a challenge that have no place must wait for the images of its canary. One that runs has
/// them, also if its runner does not tell which.
pub(super) async fn is_awaited(connection: &mut Connection, it: &DeployedChallenge) -> Result<bool, CoreError> {
    if !it.images.is_empty() {
        return Ok(false);
    }
    let states = followers(connection, it.id).await?;
    Ok(!states.is_empty() && states.iter().all(|state| *state == SessionState::Starting))
}

/// Returns the canary of a challenge among its slots, if its images are awaited.
pub(super) fn awaited<'a>(it: &DeployedChallenge, slots: &'a [Seen]) -> Option<&'a Seen> {
    let starts = |seen: &&Seen| seen.state == SessionState::Starting && seen.slot.wanted && !seen.slot.paused;
    slots.iter().find(starts).filter(|_| it.images.is_empty())
}
