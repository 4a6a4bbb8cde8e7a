//! Raises alarms: in the log, in the metrics, as live events, and in one list.

use super::Context;
use crate::CoreError;
use crate::audit::Actor;
use crate::bus::alarms::{Alarm, AlarmKind, MAX_PAST_ALARMS, Mark, Marks, PastAlarm, Shelved};
use crate::bus::events::Event;
use crate::store;
use crate::store::log::alarms::{self, StoredAlarm};
use challengectl_common::wire::LogLevel;
use std::sync::Arc;
use std::time::Duration;

/// Alarms that one transaction writes: a site whose network fails has one for each of its runners.
const BATCH: usize = 500;

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
        let acknowledge = |marks: &mut Marks, mark: &Mark| {
            marks.acknowledged.get_or_insert_with(|| mark.clone());
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
        let shelve = move |marks: &mut Marks, mark: &Mark| {
            let (mark, until, reason) = (mark.clone(), mark.at.after(life), reason.clone());
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
        change: impl Fn(&mut Marks, &Mark) + Send + 'static,
    ) -> Result<(), CoreError> {
        let this = Arc::clone(self);
        self.command(actor, action, move |mut command| async move {
            let mark = Mark { by: command.who(), at: command.now() };
            let marked = this.alarms.marked(&id, |marks| change(marks, &mark));
            let marked = marked.ok_or_else(|| CoreError::NotFound(format!("alarm {id}")))?;
            alarms::put(&mut command, &marked).await?;
            let done = command.commit(&id, details.as_deref()).await?;
            this.alarms.mark(marked.number, |marks| change(marks, &mark));
            Ok(done)
        })
        .await
    }

    /// Writes alarms that have begun, changed or ended to the database.
    pub(crate) async fn write_alarms(&self) -> Result<(), CoreError> {
        loop {
            let changed = self.alarms.take_unwritten(BATCH);
            if changed.is_empty() {
                return Ok(());
            }
            if let Err(error) = self.put_alarms(&changed).await {
                self.alarms.put_back(changed);
                return Err(error);
            }
        }
    }

    async fn put_alarms(&self, changed: &[StoredAlarm]) -> Result<(), CoreError> {
        let mut transaction = self.store.write().await?;
        for alarm in changed {
            alarms::put(&mut transaction, alarm).await?;
        }
        alarms::trim(&mut transaction, MAX_PAST_ALARMS as u64).await?;
        Ok(store::commit(transaction).await?)
    }

    /// Raises an alarm for something that happened once.
    pub(crate) fn raise(&self, kind: AlarmKind, subject: &str, message: String) {
        let key = (kind, subject.to_owned());
        if let Some(alarm) = self.alarms.add(&key, message, self.clock.now(), self.clock.instant()) {
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
