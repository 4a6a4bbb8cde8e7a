//! The conference and its hours: changing them, and telling when they begin and end.

use super::operating::Gate;
use super::schedule_view::Outlook;
use crate::audit::{self, Actor, By};
use crate::bus::events::Event;
use crate::store::air::control;
use crate::store::challenges::conference;
use crate::store::{self, Connection};
use crate::{Coordinator, CoreError};
use challengectl_common::wire::LogLevel;
use challengectl_common::{ConferenceChange, Timestamp};
use std::sync::Arc;

impl Coordinator {
    /// Changes what is given of the conference.
    ///
    /// # Errors
    /// [`CoreError::Invalid`] when it would make no sense; then nothing has changed.
    pub async fn change_conference(self: &Arc<Self>, change: ConferenceChange, by: By<'_>) -> Result<(), CoreError> {
        let (this, actor) = (Arc::clone(self), Actor::from(by));
        self.undisturbed(async move {
            let mut transaction = this.store.write().await?;
            let fields = change_conference(&mut transaction, change).await?.join(", ");
            let now = this.clock.now();
            audit::note(&mut transaction, actor.by(), "conference.update", "", Some(&fields), now).await?;
            store::commit(transaction).await?;
            this.changed();
            if !fields.is_empty() {
                this.note(LogLevel::Info, format!("Conference changed by {} ({fields})", actor.by().who));
            }
            Ok(())
        })
        .await
    }

    /// Tells when the hours have begun or ended since it was last told.
    pub(crate) async fn tell_hours(&self, outlook: &Outlook) -> Result<(), CoreError> {
        if self.events.told_closed() == Some(outlook.gate.is_closed_by_hours(self.clock.now())) {
            return Ok(());
        }
        // Nobody opens by hand between looking and telling.
        let _turn = self.turn.lock().await;
        let (_, outlook) = self.outlook().await?;
        let now = self.clock.now();
        let closed = outlook.gate.is_closed_by_hours(now);
        let told = self.events.tell_closed(closed);
        // What was so when the server began is nothing that happens now; but who reads the log wants to know.
        if told.is_some_and(|told| told != closed) {
            let action = if closed { "pause" } else { "resume" };
            self.events.publish(Event::SystemControl { action, auto: true, timestamp: now });
        }
        if closed || told == Some(true) {
            let line = line(&outlook.gate, closed, now);
            tracing::info!("{line}");
            self.note(LogLevel::Info, line);
        }
        Ok(())
    }
}

fn line(gate: &Gate, closed: bool, now: Timestamp) -> String {
    if closed {
        return format!("System {}", gate.closed_until(now));
    }
    let opened = "System no longer closed by the conference's hours";
    match (&gate.control.stopped, &gate.control.paused) {
        (Some(stopped), _) => format!("{opened}; the emergency stop by {} stays in force", stopped.by),
        (None, Some(paused)) => format!("{opened}; the pause by {} stays in force", paused.by),
        (None, None) => opened.to_owned(),
    }
}

/// Changes what is given of the conference; gives what is different now. Who switches the hours on wants them to count
/// from now on, so that what was opened by hand before no longer holds.
pub(crate) async fn change_conference(
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
