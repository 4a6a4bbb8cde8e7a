//! What operators do with runners: enable, disable, remove.

use crate::CoreError;
use crate::audit::Actor;
use crate::bus::events::Event;
use crate::runner_api::RunnerApi;
use crate::store::air::assignments;
use crate::store::fleet::{runners, tokens};
use challengectl_common::RunnerId;
use challengectl_common::wire::LogLevel;
use std::sync::Arc;

impl RunnerApi {
    /// Enables or disables a runner. When it is disabled, what it has on air ends normally.
    pub async fn enable_runner(self: &Arc<Self>, id: &RunnerId, enabled: bool, actor: Actor) -> Result<(), CoreError> {
        let (this, id) = (Arc::clone(self), id.clone());
        self.context
            .run_to_completion(async move {
                // Held so that the runner is not being given work meanwhile.
                let _turn = this.air.turn.lock().await;
                let (action, word) =
                    if enabled { ("runner.enable", "enabled") } else { ("runner.disable", "disabled") };
                let mut command = this.context.begin(actor, action).await?;
                if !runners::set_enabled(&mut command, &id, enabled).await? {
                    return Err(none(&id));
                }
                let (who, timestamp) = (command.who(), command.now());
                command.commit(id.as_str(), None).await?;
                this.fleet.presence.set_enabled(&id, enabled);
                this.context.changed();
                this.context.events.publish(Event::RunnerEnabled { runner_id: id.clone(), enabled, timestamp });
                this.context.log(LogLevel::Info, format!("Runner {id} {word} by {who}"));
                Ok(())
            })
            .await
    }

    /// Removes a runner: its key and its unused tokens are revoked, and its carriers have to go off. Their challenges
    /// are given to others when the leases are over, since the runner may not hear of it. With a new token it can
    /// enroll again.
    pub async fn remove_runner(self: &Arc<Self>, id: &RunnerId, actor: Actor) -> Result<(), CoreError> {
        let (this, id) = (Arc::clone(self), id.clone());
        self.context
            .run_to_completion(async move {
                let _turn = this.air.turn.lock().await;
                let mut command = this.context.begin(actor, "runner.remove").await?;
                let (who, now) = (command.who(), command.now());
                if !runners::delete(&mut command, &id).await? {
                    return Err(none(&id));
                }
                tokens::revoke(&mut command, &id).await?;
                assignments::abort_of_runner(&mut command, &id, now).await?;
                command.commit(id.as_str(), None).await?;
                this.fleet.keyring.forget(&id);
                this.air.leases.abort_of_runner(&id);
                this.fleet.presence.leave(&id);
                this.context.changed();
                this.air.publish_liveness(&id);
                this.context.log(LogLevel::Warning, format!("Runner {id} removed by {who}"));
                Ok(())
            })
            .await
    }
}

fn none(id: &RunnerId) -> CoreError {
    CoreError::NotFound(format!("runner {id}"))
}
