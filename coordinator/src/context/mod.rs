//! What every component needs, and nothing more: the database, the clock, and who is to be told of changes.

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
use tokio::runtime::Handle;
use tokio::sync::{broadcast, watch};

/// Shared by all components.
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
    /// Call it within a runtime that outlives all requests.
    pub(crate) fn new(store: Store, clock: Clock, rules: Rules) -> Arc<Self> {
        Arc::new(Self {
            events: Events::default(),
            revision: Revision::default(),
            log_buffer: LogBuffer::default(),
            alarms: Alarms::default(),
            started: clock.instant(),
            runtime: Handle::current(),
            store,
            clock,
            rules,
        })
    }

    /// What the clock says.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// How long write transactions have taken.
    #[must_use]
    pub fn write_times(&self) -> &WriteTimes {
        self.store.write_times()
    }

    /// Everything that happens from now on.
    #[must_use]
    pub fn watch(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// Marked whenever anything has changed that others may see.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }

    /// Announces a change that has been committed: what was known of the schedule is out of date, and who waits looks
    /// again.
    pub(crate) fn changed(&self) {
        self.revision.announce();
    }

    /// Carries work through to its end also when the caller goes away in the middle, as a request does whose
    /// connection breaks: between a commit and the change in memory nothing may be lost.
    pub(crate) async fn run_to_completion<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, CoreError>> + Send + 'static,
    ) -> Result<T, CoreError> {
        let done = self.runtime.spawn(work).await.map_err(|_| CoreError::Interrupted).flatten();
        if let Err(CoreError::Interrupted | CoreError::Store(_)) = done {
            // It may be in the database all the same: what is kept of that is read anew.
            self.changed();
        }
        done
    }

    /// Carries out what somebody has decided, to its end also when the caller goes away, and announces it. `work` gets the
    /// open transaction; what it returns it only has from committing that with its audit row: an action without one does
    /// not compile.
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

    /// Begins a command within work that is carried through already, as where a lock is to be taken first.
    pub(crate) async fn begin(&self, actor: Actor, action: &'static str) -> Result<Command, CoreError> {
        let transaction = self.store.write().await?;
        Ok(Command::new(transaction, actor, action, self.clock.now()))
    }
}
