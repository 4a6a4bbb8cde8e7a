//! Stopping: pauses all instances of a challenge, or has them removed.

use super::view::{Deployment, view};
use super::{Deployments, find};
use crate::CoreError;
use crate::audit::Actor;
use crate::store::Connection;
use crate::store::deployments::slots::{self, Slot};
use crate::store::instances::sessions;
use std::sync::Arc;

impl Deployments {
    /// Stops all instances of a challenge. With `remove` nothing is left of them, and their addresses are free when that
    /// is so; without, their names and addresses stay, and a deploy brings them back.
    ///
    /// # Errors
    /// [`CoreError::NotFound`].
    pub async fn stop(self: &Arc<Self>, key: String, remove: bool, actor: Actor) -> Result<Deployment, CoreError> {
        let this = Arc::clone(self);
        self.context
            .command(actor, "deployment.stop", move |mut command| async move {
                let it = find(&mut command, &key).await?;
                for slot in slots::of_challenge(&mut command, it.id).await? {
                    if remove {
                        this.remove(&mut command, slot, "stopped").await?;
                    } else {
                        this.instances.pause(&mut command, slot).await?;
                    }
                }
                this.settle(&mut command).await?;
                let name = it.name.clone();
                let view = view(&this.instances, &mut command, it).await?;
                Ok(this.commit(command, &name, remove.then_some("instances removed")).await?.with(view))
            })
            .await
    }

    /// Has a slot removed. Its names and its address stay leased until its runner says that nothing is left.
    pub(super) async fn remove(
        &self,
        connection: &mut Connection,
        mut slot: Slot,
        outcome: &str,
    ) -> Result<(), CoreError> {
        slot.wanted = false;
        slot.message = None;
        slots::update(connection, &slot).await?;
        if let Some(session) = sessions::get(connection, slot.session_id).await? {
            self.instances.stop_in(connection, session, outcome).await?;
        }
        Ok(())
    }
}
