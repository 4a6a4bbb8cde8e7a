//! Holding the whole system back, and letting it go again. What holds is in the database, so that a restart changes
//! nothing; [`super::outlook::Outlook`] carries it to whoever hands out.

use super::audit::{self, Actor, By};
use super::events::Event;
use super::gate::Gate;
use super::{Coordinator, CoreError};
use crate::store::control::{self, Decision};
use crate::store::{self, assignments};
use challengectl_common::Timestamp;
use challengectl_common::wire::LogLevel;
use std::sync::Arc;
use std::sync::atomic::Ordering;

impl Coordinator {
    /// What holds the system back, and how many assignments are live.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn gate(&self) -> Result<(Gate, usize), CoreError> {
        let (_, outlook) = self.outlook().await?;
        let mut gate = outlook.gate.clone();
        if self.cut.load(Ordering::SeqCst) {
            let unrecorded = || Decision { by: "(not recorded)".to_owned(), at: self.clock.now() };
            gate.control.stopped.get_or_insert_with(unrecorded);
        }
        Ok((gate, outlook.live.len()))
    }

    /// Hands out nothing new; what is on air ends normally. Once more changes nothing.
    ///
    /// # Errors
    /// When the database cannot be written to.
    pub async fn pause(self: &Arc<Self>, by: By<'_>) -> Result<(), CoreError> {
        let (this, actor) = (Arc::clone(self), Actor::from(by));
        self.undisturbed(async move {
            let now = this.clock.now();
            let mut transaction = this.store.write().await?;
            let new = control::pause(&mut transaction, actor.by().who, now).await?;
            audit::note(&mut transaction, actor.by(), "control.pause", "", None, now).await?;
            store::commit(transaction).await?;
            this.changed();
            if new {
                this.tell_control("pause", LogLevel::Warning, format!("System paused by {}", actor.by().who));
            }
            Ok(())
        })
        .await
    }

    /// Lifts a pause, and opens until the next closing where the conference's hours have the system closed. An emergency
    /// stop stays in force.
    ///
    /// # Errors
    /// When the database cannot be written to.
    pub async fn resume(self: &Arc<Self>, by: By<'_>) -> Result<(), CoreError> {
        let (this, actor) = (Arc::clone(self), Actor::from(by));
        self.undisturbed(async move { this.resume_everything(actor.by()).await }).await
    }

    async fn resume_everything(&self, by: By<'_>) -> Result<(), CoreError> {
        // Nobody tells meanwhile that the hours have the system closed.
        let _turn = self.turn.lock().await;
        let now = self.clock.now();
        let mut transaction = self.store.write().await?;
        let lifted = control::resume(&mut transaction).await?;
        let gate = Gate::read(&mut transaction).await?;
        let opened = gate.is_closed_by_hours(now);
        if opened {
            control::open(&mut transaction, by.who, now).await?;
        }
        let outside = opened.then(|| outside_hours(&gate, now));
        audit::note(&mut transaction, by, "control.resume", "", outside.as_deref(), now).await?;
        store::commit(transaction).await?;
        self.changed();
        if opened {
            self.events.tell_closed(false);
        }
        if lifted || opened {
            let details = outside.map(|outside| format!(", {outside}")).unwrap_or_default();
            self.tell_control("resume", LogLevel::Info, format!("System resumed by {}{details}", by.who));
        }
        Ok(())
    }

    /// Cuts every carrier, and hands out nothing until released. Gives how many assignments that ends.
    ///
    /// # Errors
    /// [`CoreError::Unrecorded`] when the database cannot be written to. The carriers are cut all the same, and nothing is
    /// handed out until it is released, or the server is started again.
    pub async fn emergency_stop(self: &Arc<Self>, by: By<'_>) -> Result<usize, CoreError> {
        let (this, actor) = (Arc::clone(self), Actor::from(by));
        self.undisturbed(async move { this.stop_everything(actor.by()).await }).await
    }

    async fn stop_everything(&self, by: By<'_>) -> Result<usize, CoreError> {
        // First of all, and without the database, which may be slow, locked or full: off beats on.
        self.cut.store(true, Ordering::SeqCst);
        self.leases.abort_everything();
        self.changed();
        let written = self.write_stop(by).await;
        if let Err(error) = &written {
            tracing::error!(%error, "an emergency stop is in force, but could not be written down");
        }
        written.map_err(|error| CoreError::Unrecorded(Box::new(error)))
    }

    async fn write_stop(&self, by: By<'_>) -> Result<usize, CoreError> {
        // What is being handed out right now must have its lease in memory, or it would not be found there.
        let _turn = self.turn.lock().await;
        self.leases.abort_everything();
        let now = self.clock.now();
        let mut transaction = self.store.write().await?;
        let new = control::stop(&mut transaction, by.who, now).await?;
        let aborted = assignments::abort_all(&mut transaction, now).await?;
        let cut = format!("{} on air", aborted.len());
        audit::note(&mut transaction, by, "control.emergency-stop", "", Some(&cut), now).await?;
        store::commit(transaction).await?;
        self.leases.abort_all(&aborted);
        self.cut.store(false, Ordering::SeqCst);
        self.changed();
        if new {
            self.tell_control("emergency-stop", LogLevel::Critical, format!("Emergency stop by {}: {cut}", by.who));
        }
        Ok(aborted.len())
    }

    /// Lifts an emergency stop. A pause stays in force.
    ///
    /// # Errors
    /// [`CoreError::Refused`] when there is none.
    pub async fn release(self: &Arc<Self>, by: By<'_>) -> Result<(), CoreError> {
        let (this, actor) = (Arc::clone(self), Actor::from(by));
        self.undisturbed(async move {
            let now = this.clock.now();
            let was_cut = this.cut.load(Ordering::SeqCst);
            let mut transaction = this.store.write().await?;
            if !control::release(&mut transaction, actor.by().who, now).await? && !was_cut {
                return Err(CoreError::Refused("no emergency stop is in force".to_owned()));
            }
            audit::note(&mut transaction, actor.by(), "control.release", "", None, now).await?;
            store::commit(transaction).await?;
            // One that has come meanwhile stays.
            if was_cut {
                this.cut.store(false, Ordering::SeqCst);
            }
            this.changed();
            this.tell_control("release", LogLevel::Warning, format!("Emergency stop released by {}", actor.by().who));
            Ok(())
        })
        .await
    }

    /// Asks whoever runs the server to end it in an orderly way.
    ///
    /// # Errors
    /// When the database cannot be written to; then the server goes on.
    pub async fn ask_to_end(self: &Arc<Self>, by: By<'_>) -> Result<(), CoreError> {
        let (this, actor) = (Arc::clone(self), Actor::from(by));
        self.undisturbed(async move {
            let mut transaction = this.store.write().await?;
            audit::note(&mut transaction, actor.by(), "control.stop", "", None, this.clock.now()).await?;
            store::commit(transaction).await?;
            this.tell_control("stop", LogLevel::Warning, format!("Server stopped by {}", actor.by().who));
            this.signals.ask_to_end();
            Ok(())
        })
        .await
    }

    /// Tells what somebody has done to the whole system.
    fn tell_control(&self, action: &'static str, level: LogLevel, message: String) {
        self.events.publish(Event::SystemControl { action, auto: false, timestamp: self.clock.now() });
        self.note(level, message);
    }

    /// Waits until somebody has asked the server to end.
    pub async fn asked_to_end(&self) {
        self.signals.asked_to_end().await;
    }
}

fn outside_hours(gate: &Gate, now: Timestamp) -> String {
    match gate.conference.next_closing(now) {
        Some(closing) => {
            format!("outside of the conference's hours, until {}", gate.conference.timezone().show(closing))
        }
        None => "outside of the conference's hours, for good".to_owned(),
    }
}
