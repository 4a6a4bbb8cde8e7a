//! Triggers: put a challenge on air at once.

use super::existing;
use crate::CoreError;
use crate::air::operating::OperatingState;
use crate::audit::Actor;
use crate::challenges::Challenges;
use crate::store::challenges::{self, Challenge};
use challengectl_common::Timestamp;
use challengectl_common::wire::LogLevel;
use std::sync::Arc;

impl Challenges {
    /// Makes a challenge due now, before all others, once. An idle radio that can send it gets it at once.
    ///
    /// # Errors
    /// [`CoreError::Refused`] when the challenge is disabled or on air, or when no work may be handed out.
    pub async fn trigger(self: &Arc<Self>, id: i64, actor: Actor) -> Result<(), CoreError> {
        let this = Arc::clone(self);
        self.context
            .command(actor, "challenge.trigger", move |mut command| async move {
                let challenge = existing(&mut command, id).await?;
                let (operating, who, now) = (OperatingState::read(&mut command).await?, command.who(), command.now());
                if let Some(obstacle) = obstacle(&challenge, &operating, now) {
                    return Err(CoreError::Refused(obstacle));
                }
                let name = challenge.spec.name.as_str();
                challenges::trigger(&mut command, id, now).await?;
                let done = command.commit(name, None).await?;
                this.context.log(LogLevel::Info, format!("Challenge {name} triggered by {who}"));
                Ok(done)
            })
            .await
    }
}

fn obstacle(challenge: &Challenge, operating: &OperatingState, now: Timestamp) -> Option<String> {
    let (name, control) = (&challenge.spec.name, &operating.control);
    match () {
        () if control.stopped.is_some() => Some("an emergency stop is in force; release it first".to_owned()),
        () if control.paused.is_some() => Some("the system is paused; resume it first".to_owned()),
        () if operating.is_closed_by_hours(now) => {
            Some(format!("the system is {}; resume it to open until the next closing", operating.closed_until(now)))
        }
        () if !challenge.spec.enabled => Some(format!("challenge {name} is disabled; enable it first")),
        () if challenge.air.live => Some(format!("challenge {name} is on air already")),
        () => None,
    }
}
