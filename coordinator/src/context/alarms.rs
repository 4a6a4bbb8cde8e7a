//! Raises alarms: in the log, in the metrics, as live events, and in one list.

use super::Context;
use crate::bus::alarms::{Alarm, AlarmKind};
use crate::bus::events::Event;
use challengectl_common::wire::LogLevel;

impl Context {
    /// Returns the alarms in force.
    #[must_use]
    pub fn alarms(&self) -> Vec<Alarm> {
        self.alarms.in_force()
    }

    /// Raises an alarm for something that happened once.
    pub(crate) fn raise(&self, kind: AlarmKind, subject: &str, message: String) {
        let alarm = Alarm { kind, subject: subject.to_owned(), message, since: self.clock.now() };
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
