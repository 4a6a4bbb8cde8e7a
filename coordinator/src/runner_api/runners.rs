//! Runners as operators see them, and what operators do with them.

use crate::audit::{self, Actor, By};
use crate::bus::events::Event;
use crate::store;
use crate::store::air::assignments;
use crate::store::fleet::roster::{self, Runner};
use crate::store::fleet::{runners, tokens};
use crate::{Binding, Coordinator, CoreError, Liveness, OnAir};
use challengectl_common::RunnerId;
use challengectl_common::wire::LogLevel;
use std::collections::HashMap;
use std::sync::Arc;

/// A runner as it is now.
#[derive(Debug)]
pub struct RunnerState {
    /// What is known of it.
    pub runner: Runner,
    /// Whether it is there, and at work.
    pub liveness: Liveness,
    /// Whether its key is bound to a machine.
    pub binding: Binding,
    /// What its radios send or prepare.
    pub work: Vec<OnAir>,
}

impl Coordinator {
    /// All runners, by their ids.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn runners(&self) -> Result<Vec<RunnerState>, CoreError> {
        let mut connection = self.store.read().await?;
        let all = roster::all(&mut connection).await?;
        drop(connection);
        let mut work: HashMap<RunnerId, Vec<OnAir>> = HashMap::new();
        for on_air in self.on_air().await? {
            work.entry(on_air.planned.runner_id.clone()).or_default().push(on_air);
        }
        let bindings = self.keyring.bindings();
        let state = |mut runner: Runner| {
            runner.last_heartbeat = self.fleet.last_heard(&runner.id).or(runner.last_heartbeat);
            let work = work.remove(&runner.id).unwrap_or_default();
            let liveness = self.liveness(&runner.id);
            let binding = bindings.get(&runner.id).copied().unwrap_or(Binding::Unbound);
            RunnerState { runner, liveness, binding, work }
        };
        Ok(all.into_iter().map(state).collect())
    }

    /// One runner.
    ///
    /// # Errors
    /// [`CoreError::NotFound`] when there is none with this id.
    pub async fn runner(&self, id: &RunnerId) -> Result<RunnerState, CoreError> {
        self.runners().await?.into_iter().find(|state| state.runner.id == *id).ok_or_else(|| none(id))
    }

    /// Gives a runner work again, or no more; then what it has on air ends normally.
    ///
    /// # Errors
    /// [`CoreError::NotFound`] when there is none with this id.
    pub async fn enable_runner(self: &Arc<Self>, id: &RunnerId, enabled: bool, by: By<'_>) -> Result<(), CoreError> {
        let (this, id, actor) = (Arc::clone(self), id.clone(), Actor::from(by));
        self.undisturbed(async move {
            // Not while it is being given something.
            let _turn = this.turn.lock().await;
            let mut transaction = this.store.write().await?;
            if !runners::set_enabled(&mut transaction, &id, enabled).await? {
                return Err(none(&id));
            }
            let (what, word) = if enabled { ("runner.enable", "enabled") } else { ("runner.disable", "disabled") };
            audit::note(&mut transaction, actor.by(), what, id.as_str(), None, this.clock.now()).await?;
            store::commit(transaction).await?;
            this.fleet.set_enabled(&id, enabled);
            this.changed();
            let timestamp = this.clock.now();
            this.events.publish(Event::RunnerEnabled { runner_id: id.clone(), enabled, timestamp });
            this.note(LogLevel::Info, format!("Runner {id} {word} by {}", actor.by().who));
            Ok(())
        })
        .await
    }

    /// Removes a runner: its key and its unused tokens count no longer, and what it has on air goes off. That is given
    /// to others when its leases are over, since it may not hear of it. With a new token it can come back.
    ///
    /// # Errors
    /// [`CoreError::NotFound`] when there is none with this id.
    pub async fn remove_runner(self: &Arc<Self>, id: &RunnerId, by: By<'_>) -> Result<(), CoreError> {
        let (this, id, actor) = (Arc::clone(self), id.clone(), Actor::from(by));
        self.undisturbed(async move {
            let _turn = this.turn.lock().await;
            let now = this.clock.now();
            let mut transaction = this.store.write().await?;
            if !runners::delete(&mut transaction, &id).await? {
                return Err(none(&id));
            }
            tokens::revoke(&mut transaction, &id).await?;
            assignments::abort_of_runner(&mut transaction, &id, now).await?;
            audit::note(&mut transaction, actor.by(), "runner.remove", id.as_str(), None, now).await?;
            store::commit(transaction).await?;
            this.keyring.forget(&id);
            this.leases.abort_of_runner(&id);
            this.fleet.leave(&id);
            this.changed();
            this.publish_liveness(&id);
            this.note(LogLevel::Warning, format!("Runner {id} removed by {}", actor.by().who));
            Ok(())
        })
        .await
    }
}

fn none(id: &RunnerId) -> CoreError {
    CoreError::NotFound(format!("runner {id}"))
}
