//! Raises alarms: in the log, in the metrics, as live events, and in one list.

use super::Context;
use crate::CoreError;
use crate::audit::Actor;
use crate::bus::alarms::{Alarm, AlarmKind, Mark, Marks, PastAlarm, Shelved};
use crate::bus::events::Event;
use challengectl_common::wire::LogLevel;
use std::sync::Arc;
use std::time::Duration;

impl Context {
    /// Returns the alarms in force.
    #[must_use]
    pub fn alarms(&self) -> Vec<Alarm> {
        self.alarms.in_force()
    }

    /// Returns the alarms that are over, the latest first.
    #[must_use]
    pub fn past_alarms(&self) -> Vec<PastAlarm> {
        self.alarms.over()
    }

    /// Acknowledges an alarm. The first acknowledgement stays.
    ///
    /// # Errors
    /// [`CoreError::NotFound`] when no alarm in force has this id.
    pub async fn acknowledge_alarm(self: &Arc<Self>, id: String, actor: Actor) -> Result<(), CoreError> {
        let acknowledge = |marks: &mut Marks, mark| {
            marks.acknowledged.get_or_insert(mark);
        };
        self.mark_alarm(id, "alarm.acknowledge", None, actor, acknowledge).await
    }

    /// Hides an alarm for everyone for a time, after which it is shown again.
    ///
    /// # Errors
    /// [`CoreError::NotFound`] when no alarm in force has this id.
    pub async fn shelve_alarm(
        self: &Arc<Self>,
        id: String,
        life: Duration,
        reason: String,
        actor: Actor,
    ) -> Result<(), CoreError> {
        let details = format!("{} min: {reason}", life.as_secs() / 60);
        let shelve = move |marks: &mut Marks, mark: Mark| {
            let until = mark.at.after(life);
            marks.acknowledged.get_or_insert_with(|| mark.clone());
            marks.shelved = Some(Shelved { mark, until, reason });
        };
        self.mark_alarm(id, "alarm.shelve", Some(details), actor, shelve).await
    }

    /// Shows a shelved alarm again.
    ///
    /// # Errors
    /// [`CoreError::NotFound`] when no alarm in force has this id.
    pub async fn unshelve_alarm(self: &Arc<Self>, id: String, actor: Actor) -> Result<(), CoreError> {
        self.mark_alarm(id, "alarm.unshelve", None, actor, |marks, _| marks.shelved = None).await
    }

    async fn mark_alarm(
        self: &Arc<Self>,
        id: String,
        action: &'static str,
        details: Option<String>,
        actor: Actor,
        change: impl FnOnce(&mut Marks, Mark) + Send + 'static,
    ) -> Result<(), CoreError> {
        let this = Arc::clone(self);
        self.command(actor, action, |command| async move {
            if !this.alarms.mark(&id, |_| ()) {
                return Err(CoreError::NotFound(format!("alarm {id}")));
            }
            let mark = Mark { by: command.who(), at: command.now() };
            let done = command.commit(&id, details.as_deref()).await?;
            this.alarms.mark(&id, |marks| change(marks, mark));
            Ok(done)
        })
        .await
    }

    /// Raises an alarm for something that happened once.
    pub(crate) fn raise(&self, kind: AlarmKind, subject: &str, message: String) {
        let alarm =
            Alarm { kind, subject: subject.to_owned(), message, since: self.clock.now(), marks: Marks::default() };
        if self.alarms.add(&alarm, self.clock.instant()) {
            self.publish_alarm(alarm, true);
        }
    }

    pub(crate) fn publish_alarm(&self, alarm: Alarm, active: bool) {
        let Alarm { kind, subject, message, .. } = alarm;
        if active {
            tracing::warn!(alarm = kind.as_str(), subject, "{message}");
            self.log(LogLevel::Warning, message.clone());
        } else {
            tracing::info!(alarm = kind.as_str(), subject, "the alarm is over");
            self.log(LogLevel::Info, format!("No longer: {message}"));
        }
        self.events.publish(Event::Alarm { kind, subject, message, active, timestamp: self.clock.now() });
    }
}
