//! Changing the conference and its hours.

use crate::CoreError;
use crate::audit::{self, Actor, By};
use crate::challenges::Challenges;
use crate::store::air::control;
use crate::store::challenges::conference;
use crate::store::{self, Connection};
use challengectl_common::ConferenceChange;
use challengectl_common::wire::LogLevel;
use std::sync::Arc;

impl Challenges {
    /// Changes what is given of the conference.
    ///
    /// # Errors
    /// [`CoreError::Invalid`] when it would make no sense; then nothing has changed.
    pub async fn change_conference(self: &Arc<Self>, change: ConferenceChange, by: By<'_>) -> Result<(), CoreError> {
        let (this, actor) = (Arc::clone(self), Actor::from(by));
        self.context
            .run_to_completion(async move {
                let mut transaction = this.context.store.write().await?;
                let fields = change_conference(&mut transaction, change).await?.join(", ");
                let now = this.context.clock.now();
                audit::note(&mut transaction, actor.by(), "conference.update", "", Some(&fields), now).await?;
                store::commit(transaction).await?;
                this.context.changed();
                if !fields.is_empty() {
                    this.context.log(LogLevel::Info, format!("Conference changed by {} ({fields})", actor.by().who));
                }
                Ok(())
            })
            .await
    }
}

/// Changes what is given of the conference; gives what is different now. Who switches the hours on wants them to count
/// from now on, so that what was opened by hand before no longer holds.
pub(super) async fn change_conference(
    connection: &mut Connection,
    change: ConferenceChange,
) -> Result<Vec<&'static str>, CoreError> {
    let before = conference::read(connection).await?;
    let after = before.with(change).map_err(|error| CoreError::Invalid(error.to_string()))?;
    let fields = after.differences(&before);
    if fields.is_empty() {
        return Ok(fields);
    }
    conference::write(connection, &after).await?;
    if after.auto_pause() && !before.auto_pause() {
        control::close(connection).await?;
    }
    Ok(fields)
}
