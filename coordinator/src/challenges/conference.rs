//! Changes the conference and its hours.

use crate::CoreError;
use crate::audit::Actor;
use crate::challenges::Challenges;
use crate::store::Connection;
use crate::store::air::control;
use crate::store::challenges::conference;
use challengectl_common::ConferenceChange;
use challengectl_common::wire::LogLevel;
use std::sync::Arc;

impl Challenges {
    /// Changes the given fields of the conference.
    ///
    /// # Errors
    /// [`CoreError::Invalid`] when the result would be invalid.
    pub async fn change_conference(self: &Arc<Self>, change: ConferenceChange, actor: Actor) -> Result<(), CoreError> {
        let this = Arc::clone(self);
        self.context
            .command(actor, "conference.update", |mut command| async move {
                let who = command.who();
                let fields = change_conference(&mut command, change).await?.join(", ");
                let done = command.commit("", Some(&fields)).await?;
                if !fields.is_empty() {
                    this.context.log(LogLevel::Info, format!("Conference changed by {who} ({fields})"));
                }
                Ok(done)
            })
            .await
    }
}

/// Changes the given fields of the conference. Returns the names of those that differ now. Switching the hours on
/// applies them at once: a resume by hand outside of the hours no longer holds.
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
