//! Pause, emergency stop and their ends. The decisions are in the database, so that a restart changes nothing;
//! [`crate::air::schedule_view::ScheduleView`] carries them to assigning.

use super::OperatingState;
use super::emergency::Pending;
use crate::CoreError;
use crate::air::Air;
use crate::audit::{self, Actor};
use crate::bus::events::Event;
use crate::store::air::assignments;
use crate::store::air::control::{self, Decision};
use crate::store::{self, Connection};
use challengectl_common::Timestamp;
use challengectl_common::wire::LogLevel;
use std::sync::Arc;
use std::time::Duration;

/// How long an operator waits for a stop to be recorded. Recording goes on after that.
const RECORD_TIMEOUT: Duration = Duration::from_secs(1);

/// An emergency stop that is in force.
#[derive(Debug)]
pub struct Stopped {
    /// The number of assignments that it ended.
    pub aborted: usize,
    /// Why it is not in the database yet; `None` if it is.
    pub unrecorded: Option<String>,
}

impl Air {
    /// Returns the operating state, and the number of live assignments.
    pub async fn operating_state(&self) -> Result<(OperatingState, usize), CoreError> {
        let read =
            async { Ok::<_, CoreError>(OperatingState::read(&mut *self.context.store.read_few().await?).await?) }.await;
        let mut operating = match read {
            // An emergency stop that is not in the database can be shown without it.
            Err(_) if self.latch.is_set() => OperatingState::default(),
            read => read?,
        };
        if let Some(pending) = self.latch.pending() {
            let unrecorded = || Decision { actor: pending.actor.name, at: pending.at };
            operating.control.stopped.get_or_insert_with(unrecorded);
        }
        Ok((operating, self.leases.count()))
    }

    /// Stops handing out work; what is on air ends normally. A second pause changes nothing.
    pub async fn pause(self: &Arc<Self>, actor: Actor) -> Result<(), CoreError> {
        let this = Arc::clone(self);
        self.context
            .command(actor, "control.pause", |mut command| async move {
                let (who, now) = (command.who(), command.now());
                let new = control::pause(&mut command, &who, now).await?;
                let done = command.commit("", None).await?;
                if new {
                    this.publish_control("pause", LogLevel::Warning, format!("System paused by {who}"));
                }
                Ok(done)
            })
            .await
    }

    /// Lifts a pause; outside of the conference's hours, also permits work until the next closing.
    ///
    /// # Errors
    /// [`CoreError::Refused`] while an emergency stop is in force.
    pub async fn resume(self: &Arc<Self>, actor: Actor) -> Result<(), CoreError> {
        let this = Arc::clone(self);
        self.context.run_to_completion(async move { this.resume_everything(actor).await }).await
    }

    async fn resume_everything(&self, actor: Actor) -> Result<(), CoreError> {
        let stopped = || CoreError::Refused("an emergency stop is in force; release it first".to_owned());
        if self.latch.is_set() {
            return Err(stopped());
        }
        // Held so that the hours are not published as closed meanwhile.
        let _turn = self.turn.lock().await;
        let mut command = self.context.begin(actor, "control.resume").await?;
        let (who, now) = (command.who(), command.now());
        let operating = OperatingState::read(&mut command).await?;
        if operating.control.stopped.is_some() {
            return Err(stopped());
        }
        let lifted = control::resume(&mut command).await?;
        let opened = operating.is_closed_by_hours(now);
        if opened {
            control::open(&mut command, &who, now).await?;
        }
        let outside = opened.then(|| outside_hours(&operating, now));
        command.commit("", outside.as_deref()).await?;
        self.context.changed();
        if opened {
            self.context.events.set_published_closed(false);
        }
        if lifted || opened {
            let details = outside.map(|outside| format!(", {outside}")).unwrap_or_default();
            self.publish_control("resume", LogLevel::Info, format!("System resumed by {who}{details}"));
        }
        Ok(())
    }

    /// Cuts every carrier, and hands out nothing until released. Acts first in memory, without the database, which may
    /// be slow, locked, full or damaged: off beats on.
    pub async fn emergency_stop(self: &Arc<Self>, actor: Actor) -> Result<Stopped, CoreError> {
        self.latch.set(&actor, self.context.clock.now());
        let aborted = self.leases.abort_everything();
        self.context.changed();
        let this = Arc::clone(self);
        let recording = self.context.runtime.spawn(async move { this.record_stop().await });
        let unrecorded = match tokio::time::timeout(RECORD_TIMEOUT, recording).await {
            Ok(Ok(Ok(recorded))) => return Ok(Stopped { aborted: recorded.unwrap_or(aborted), unrecorded: None }),
            Ok(Ok(Err(error))) => error.to_string(),
            Ok(Err(_)) => return Err(CoreError::Interrupted),
            Err(_) => format!("the database did not answer within {} s", RECORD_TIMEOUT.as_secs()),
        };
        let unrecorded = match self.latch.unkept() {
            None => unrecorded,
            Some(unkept) => format!("{unrecorded}; and a restart of the server would lose the stop: {unkept}"),
        };
        tracing::error!(error = unrecorded, "an emergency stop is in force and not recorded yet");
        Ok(Stopped { aborted, unrecorded: Some(unrecorded) })
    }

    /// Records an emergency stop that is not in the database yet. Returns how many assignments it ended.
    pub(crate) async fn record_stop(self: &Arc<Self>) -> Result<Option<usize>, CoreError> {
        let Some(pending) = self.latch.pending() else { return Ok(None) };
        let (this, kept) = (Arc::clone(self), pending.clone());
        // At the same time as the database: a slow disk must not delay others that wait for the lock.
        let keeping = self.context.runtime.spawn_blocking(move || {
            if let Err(error) = this.latch.keep(&kept) {
                tracing::error!(%error, "the file of an emergency stop cannot be written");
            }
        });
        let recorded = self.write_into_database(&pending).await;
        // The operator's answer says whether a restart keeps the stop.
        let _ = keeping.await;
        recorded
    }

    async fn write_into_database(self: &Arc<Self>, pending: &Pending) -> Result<Option<usize>, CoreError> {
        // Held so that the lease of an assignment being handed out is in memory, and found.
        let _turn = self.turn.lock().await;
        let mut transaction = self.context.store.write().await?;
        // Another attempt may have recorded it meanwhile, and it may have been released since.
        if !self.latch.holds(pending) {
            return Ok(None);
        }
        self.leases.abort_everything();
        let (new, aborted) = write_stop(&mut transaction, pending).await?;
        store::commit(transaction).await?;
        self.leases.abort_all(&aborted);
        self.clear_latch(pending.clone()).await;
        self.context.changed();
        if new {
            let (who, cut) = (&pending.actor.name, aborted.len());
            self.publish_control(
                "emergency-stop",
                LogLevel::Critical,
                format!("Emergency stop by {who}: {cut} on air"),
            );
        }
        Ok(Some(aborted.len()))
    }

    /// Clears the latch outside of the async threads: removing its file may wait for the disk.
    async fn clear_latch(self: &Arc<Self>, pending: Pending) {
        let this = Arc::clone(self);
        let _ = self.context.runtime.spawn_blocking(move || this.latch.clear(&pending)).await;
    }

    /// Lifts an emergency stop. A pause stays in force.
    ///
    /// # Errors
    /// [`CoreError::Refused`] when no emergency stop is in force.
    pub async fn release(self: &Arc<Self>, actor: Actor) -> Result<(), CoreError> {
        let (this, pending) = (Arc::clone(self), self.latch.pending());
        self.context.run_to_completion(async move { this.release_stop(actor, pending).await }).await
    }

    async fn release_stop(self: &Arc<Self>, actor: Actor, pending: Option<Pending>) -> Result<(), CoreError> {
        // Held so that the latch of a stop that is being recorded at the same time is cleared, and it is recorded once.
        let _turn = self.turn.lock().await;
        let mut command = self.context.begin(actor, "control.release").await?;
        let (who, now) = (command.who(), command.now());
        // A stop that was recorded meanwhile is released like any other; a new one that came meanwhile stays.
        let pending = pending.filter(|pending| self.latch.holds(pending));
        if let Some(pending) = &pending {
            // The assignments that it ended stay ended, and its actor is recorded.
            write_stop(&mut command, pending).await?;
        }
        if !control::release(&mut command, &who, now).await? && pending.is_none() {
            return Err(CoreError::Refused("no emergency stop is in force".to_owned()));
        }
        command.commit("", None).await?;
        if let Some(pending) = pending {
            self.clear_latch(pending).await;
        }
        self.context.changed();
        self.publish_control("release", LogLevel::Warning, format!("Emergency stop released by {who}"));
        Ok(())
    }

    /// Requests an orderly end of the server.
    pub async fn ask_to_end(self: &Arc<Self>, actor: Actor) -> Result<(), CoreError> {
        let this = Arc::clone(self);
        self.context
            .command(actor, "control.stop", |command| async move {
                let who = command.who();
                let done = command.commit("", None).await?;
                this.publish_control("stop", LogLevel::Warning, format!("Server stopped by {who}"));
                this.context.revision.ask_to_end();
                Ok(done)
            })
            .await
    }

    /// Publishes and logs an operator's change of the operating state.
    fn publish_control(&self, action: &'static str, level: LogLevel, message: String) {
        self.context.events.publish(Event::SystemControl { action, auto: false, timestamp: self.context.clock.now() });
        self.context.log(level, message);
    }

    /// Waits for [`Air::ask_to_end`].
    pub async fn asked_to_end(&self) {
        self.context.revision.asked_to_end().await;
    }
}

/// Writes an emergency stop. Returns whether none was in force before, and which assignments it ends.
async fn write_stop(connection: &mut Connection, pending: &Pending) -> Result<(bool, Vec<i64>), CoreError> {
    let Pending { actor, at, .. } = pending;
    let new = control::stop(connection, &actor.name, *at).await?;
    let aborted = assignments::abort_all(connection, *at).await?;
    let cut = format!("{} on air", aborted.len());
    audit::record(connection, actor, "control.emergency-stop", "", Some(&cut), *at).await?;
    Ok((new, aborted))
}

fn outside_hours(operating: &OperatingState, now: Timestamp) -> String {
    match operating.conference.next_closing(now) {
        Some(closing) => {
            format!("outside of the conference's hours, until {}", operating.conference.timezone().show(closing))
        }
        None => "outside of the conference's hours, for good".to_owned(),
    }
}
