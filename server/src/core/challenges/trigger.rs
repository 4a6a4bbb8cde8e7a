//! Putting a challenge on air at once.

use super::existing;
use crate::core::audit::{self, Actor, By};
use crate::core::{Coordinator, CoreError};
use crate::store;
use crate::store::challenges::{self, Challenge};
use crate::store::control::{self, Control};
use challengectl_common::wire::LogLevel;
use std::sync::Arc;

impl Coordinator {
    /// Makes a challenge due now and lets it go before all others, once. An idle radio that can send it gets it at
    /// once.
    ///
    /// # Errors
    /// [`CoreError::NotFound`]; [`CoreError::Refused`] when it is disabled or on air, or the system is held back.
    pub async fn trigger(self: &Arc<Self>, id: i64, by: By<'_>) -> Result<(), CoreError> {
        let (this, actor) = (Arc::clone(self), Actor::from(by));
        self.undisturbed(async move {
            let mut transaction = this.store.write().await?;
            let challenge = existing(&mut transaction, id).await?;
            let control = control::read(&mut transaction).await?;
            if let Some(obstacle) = obstacle(&challenge, &control) {
                return Err(CoreError::Refused(obstacle));
            }
            let (name, now) = (challenge.spec.name.as_str(), this.clock.now());
            challenges::trigger(&mut transaction, id, now).await?;
            audit::note(&mut transaction, actor.by(), "challenge.trigger", name, None, now).await?;
            store::commit(transaction).await?;
            this.changed();
            this.note(LogLevel::Info, format!("Challenge {name} triggered by {}", actor.by().who));
            Ok(())
        })
        .await
    }
}

fn obstacle(challenge: &Challenge, control: &Control) -> Option<String> {
    let name = &challenge.spec.name;
    match () {
        () if control.stopped.is_some() => Some("an emergency stop is in force; release it first".to_owned()),
        () if control.paused.is_some() => Some("the system is paused; resume it first".to_owned()),
        () if !challenge.spec.enabled => Some(format!("challenge {name} is disabled; enable it first")),
        () if challenge.live => Some(format!("challenge {name} is on air already")),
        () => None,
    }
}
