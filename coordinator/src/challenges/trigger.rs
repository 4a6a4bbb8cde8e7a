//! Putting a challenge on air at once.

use super::existing;
use crate::CoreError;
use crate::air::operating::Gate;
use crate::audit::{self, Actor, By};
use crate::challenges::Challenges;
use crate::store;
use crate::store::challenges::{self, Challenge};
use challengectl_common::Timestamp;
use challengectl_common::wire::LogLevel;
use std::sync::Arc;

impl Challenges {
    /// Makes a challenge due now and lets it go before all others, once. An idle radio that can send it gets it at
    /// once.
    ///
    /// # Errors
    /// [`CoreError::NotFound`]; [`CoreError::Refused`] when it is disabled or on air, or the system is held back.
    pub async fn trigger(self: &Arc<Self>, id: i64, by: By<'_>) -> Result<(), CoreError> {
        let (this, actor) = (Arc::clone(self), Actor::from(by));
        self.context
            .run_to_completion(async move {
                let mut transaction = this.context.store.write().await?;
                let challenge = existing(&mut transaction, id).await?;
                let (gate, now) = (Gate::read(&mut transaction).await?, this.context.clock.now());
                if let Some(obstacle) = obstacle(&challenge, &gate, now) {
                    return Err(CoreError::Refused(obstacle));
                }
                let name = challenge.spec.name.as_str();
                challenges::trigger(&mut transaction, id, now).await?;
                audit::note(&mut transaction, actor.by(), "challenge.trigger", name, None, now).await?;
                store::commit(transaction).await?;
                this.context.changed();
                this.context.log(LogLevel::Info, format!("Challenge {name} triggered by {}", actor.by().who));
                Ok(())
            })
            .await
    }
}

fn obstacle(challenge: &Challenge, gate: &Gate, now: Timestamp) -> Option<String> {
    let (name, control) = (&challenge.spec.name, &gate.control);
    match () {
        () if control.stopped.is_some() => Some("an emergency stop is in force; release it first".to_owned()),
        () if control.paused.is_some() => Some("the system is paused; resume it first".to_owned()),
        () if gate.is_closed_by_hours(now) => {
            Some(format!("the system is {}; resume it to open until the next closing", gate.closed_until(now)))
        }
        () if !challenge.spec.enabled => Some(format!("challenge {name} is disabled; enable it first")),
        () if challenge.air.live => Some(format!("challenge {name} is on air already")),
        () => None,
    }
}
