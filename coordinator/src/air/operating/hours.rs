//! The conference's hours: publishes their begin and end.

use super::OperatingState;
use crate::CoreError;
use crate::air::Air;
use crate::air::schedule_view::ScheduleView;
use crate::bus::events::Event;
use challengectl_common::Timestamp;
use challengectl_common::wire::LogLevel;

impl Air {
    /// Publishes the begin or end of the hours if it is news.
    pub(crate) async fn publish_hours(&self, view: &ScheduleView) -> Result<(), CoreError> {
        if self.context.events.published_closed() == Some(view.operating.is_closed_by_hours(self.context.clock.now())) {
            return Ok(());
        }
        // Held so that no operator resumes between reading the state and publishing it.
        let _turn = self.turn.lock().await;
        let (_, view) = self.schedule_view().await?;
        let now = self.context.clock.now();
        let closed = view.operating.is_closed_by_hours(now);
        let before = self.context.events.set_published_closed(closed);
        // The state at the server's start is no event; the log shows it nevertheless.
        if before.is_some_and(|before| before != closed) {
            let action = if closed { "pause" } else { "resume" };
            self.context.events.publish(Event::SystemControl { action, auto: true, timestamp: now });
        }
        if closed || before == Some(true) {
            let line = line(&view.operating, closed, now);
            tracing::info!("{line}");
            self.context.log(LogLevel::Info, line);
        }
        Ok(())
    }
}

fn line(operating: &OperatingState, closed: bool, now: Timestamp) -> String {
    if closed {
        return format!("System {}", operating.closed_until(now));
    }
    let opened = "System no longer closed by the conference's hours";
    match (&operating.control.stopped, &operating.control.paused) {
        (Some(stopped), _) => format!("{opened}; the emergency stop by {} stays in force", stopped.actor),
        (None, Some(paused)) => format!("{opened}; the pause by {} stays in force", paused.actor),
        (None, None) => opened.to_owned(),
    }
}
