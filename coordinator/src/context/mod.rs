//! What all components share: the database, the clock, publishing, the log, alarms.

mod alarms;
pub(crate) mod batches;
pub(crate) mod command;
mod log;

use crate::CoreError;
use crate::audit::Actor;
use crate::bus::alarms::Alarms;
use crate::bus::events::{Event, Events};
use crate::bus::log::LogBuffer;
use crate::bus::revision::Revision;
use crate::clock::{Clock, Moment};
use crate::rules::Rules;
use crate::store::{Store, WriteTimes};
use challengectl_common::Timestamp;
use command::{Command, Done};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{broadcast, watch};

/// The state and services that all components share.
#[derive(Debug)]
pub struct Context {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) rules: Rules,
    pub(crate) events: Events,
    pub(crate) revision: Revision,
    pub(crate) log_buffer: LogBuffer,
    pub(crate) alarms: Alarms,
    pub(crate) started: Moment,
    pub(crate) runtime: Handle,
}

impl Context {
    /// Makes the context. Call it within a runtime that outlives all requests.
    pub(crate) fn new(store: Store, clock: Clock, rules: Rules, alarms: Alarms) -> Arc<Self> {
        Arc::new(Self {
            events: Events::default(),
            revision: Revision::default(),
            log_buffer: LogBuffer::default(),
            started: clock.instant(),
            runtime: Handle::current(),
            store,
            clock,
            rules,
            alarms,
        })
    }

    /// Returns the time of day.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Returns for how long this has been running.
    #[must_use]
    pub fn uptime(&self) -> Duration {
        self.started.until(self.clock.instant())
    }

    /// Returns how long write transactions have taken.
    #[must_use]
    pub fn write_times(&self) -> &WriteTimes {
        self.store.write_times()
    }

    /// Subscribes to the live events from now on.
    #[must_use]
    pub fn watch(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// Subscribes to the revision, which grows with each visible change.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }

    /// Announces a committed change: the schedule view is out of date, and waiting polls look again.
    pub(crate) fn changed(&self) {
        self.revision.announce();
    }

    /// Runs `work` to its end also if the caller is dropped, as happens when a request's connection breaks: nothing may
    /// be lost between a commit and the change in memory.
    pub(crate) async fn run_to_completion<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, CoreError>> + Send + 'static,
    ) -> Result<T, CoreError> {
        let done = self.runtime.spawn(work).await.map_err(|_| CoreError::Interrupted).flatten();
        if let Err(CoreError::Interrupted | CoreError::Store(_)) = done {
            // The work may be committed all the same: cached state is read again.
            self.changed();
        }
        done
    }

    /// Runs an operator's command to its end, also if the caller is dropped, and announces the change. `work` gets the
    /// open transaction and can return [`Done`] only by committing it with its audit row: an action without an audit
    /// row does not compile.
    pub(crate) async fn command<T, F>(
        self: &Arc<Self>,
        actor: Actor,
        action: &'static str,
        work: impl FnOnce(Command) -> F + Send + 'static,
    ) -> Result<T, CoreError>
    where
        T: Send + 'static,
        F: Future<Output = Result<Done<T>, CoreError>> + Send,
    {
        let this = Arc::clone(self);
        self.run_to_completion(async move {
            let outcome = work(this.begin(actor, action).await?).await?.outcome();
            this.changed();
            Ok(outcome)
        })
        .await
    }

    /// Runs what people change of their own to its end, with its audit row. Unlike [`command`](Self::command) it announces
    /// no change: nothing on air depends on it, and a thousand players who register would wake every runner that waits.
    pub(crate) async fn quiet_command<T, F>(
        self: &Arc<Self>,
        actor: Actor,
        action: &'static str,
        work: impl FnOnce(Command) -> F + Send + 'static,
    ) -> Result<T, CoreError>
    where
        T: Send + 'static,
        F: Future<Output = Result<Done<T>, CoreError>> + Send,
    {
        let this = Arc::clone(self);
        self.run_to_completion(async move {
            let transaction = this.store.write_for_players().await?;
            let command = Command::new(transaction, actor, action, this.clock.now());
            Ok(work(command).await?.outcome())
        })
        .await
    }

    /// Inserts the audit row of something that was refused to an actor, and changes nothing. `target` is what was asked for;
    /// neither it nor `why` contains a secret.
    pub async fn record_refusal(
        self: &Arc<Self>,
        actor: Actor,
        target: String,
        why: Option<String>,
    ) -> Result<(), CoreError> {
        self.quiet_command(actor, "request.refused", move |command| async move {
            command.commit(&target, why.as_deref()).await
        })
        .await
    }

    /// Begins a command within work that already runs to completion, as where a lock has to be taken first.
    pub(crate) async fn begin(&self, actor: Actor, action: &'static str) -> Result<Command, CoreError> {
        let transaction = self.store.write().await?;
        Ok(Command::new(transaction, actor, action, self.clock.now()))
    }
}
