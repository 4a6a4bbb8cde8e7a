//! The instance of one team: replaced or stopped, while those of the other teams stay as they are.

use super::deploy::refuse_inactive;
use super::view::{Deployment, view};
use super::{DeployedChallenge, Deployments, find};
use crate::CoreError;
use crate::audit::Actor;
use crate::instances::team_name;
use crate::store::Connection;
use crate::store::deployments::Goal;
use crate::store::deployments::slots::{self, Slot};
use crate::store::instances::sessions;
use std::sync::Arc;

impl Deployments {
    /// Replaces the instance of a team, such as `team-001`, by one as the last deploy asked for; one that is stopped runs
    /// again. Its address stays.
    ///
    /// # Errors
    /// [`CoreError::NotFound`]; [`CoreError::Conflict`] when the challenge is inactive, or has fewer teams by now.
    pub async fn redeploy_team(
        self: &Arc<Self>,
        key: String,
        team: String,
        actor: Actor,
    ) -> Result<Deployment, CoreError> {
        let this = Arc::clone(self);
        self.context
            .command(actor, "deployment.deploy", move |mut command| async move {
                let (it, mut slot) = of_team(&mut command, &key, &team).await?;
                refuse_inactive(&it)?;
                let goal = goal_of(&it, &slot)?;
                (slot.wanted, slot.paused) = (true, false);
                let session = sessions::get(&mut command, slot.session_id).await?;
                match session.filter(|session| session.state.is_live()) {
                    Some(session) => this.renew(&mut command, slot, session, goal).await?,
                    // It is being removed, and gets another session when that is done.
                    None => slots::update(&mut command, &slot).await?,
                }
                this.tend_in(&mut command).await?;
                let name = it.name.clone();
                let view = view(&this.instances, &mut command, it).await?;
                Ok(this.commit(command, &name, Some(&team)).await?.with(view))
            })
            .await
    }

    /// Stops the instance of a team. Its names and its address stay, and a redeploy brings it back.
    ///
    /// # Errors
    /// [`CoreError::NotFound`].
    pub async fn stop_team(self: &Arc<Self>, key: String, team: String, actor: Actor) -> Result<Deployment, CoreError> {
        let this = Arc::clone(self);
        self.context
            .command(actor, "deployment.stop", move |mut command| async move {
                let (it, slot) = of_team(&mut command, &key, &team).await?;
                this.instances.pause(&mut command, slot).await?;
                let name = it.name.clone();
                let view = view(&this.instances, &mut command, it).await?;
                Ok(this.commit(command, &name, Some(&team)).await?.with(view))
            })
            .await
    }
}

async fn of_team(connection: &mut Connection, key: &str, team: &str) -> Result<(DeployedChallenge, Slot), CoreError> {
    let it = find(connection, key).await?;
    let all = slots::of_challenge(connection, it.id).await?;
    let slot = all.into_iter().find(|slot| team_name(slot.team) == team);
    Ok((it, slot.ok_or_else(|| CoreError::NotFound("instance of this team".to_owned()))?))
}

fn goal_of(it: &DeployedChallenge, slot: &Slot) -> Result<Goal, CoreError> {
    let goal = it.goal.filter(|goal| slot.team <= goal.teams);
    let fewer = || format!("{} has fewer teams than {}; deploy it with more", it.name, slot.team);
    goal.ok_or_else(|| CoreError::Conflict(fewer()))
}
