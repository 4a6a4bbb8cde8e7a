//! Commands: a person's change together with its audit row.

use crate::CoreError;
use crate::audit::{self, Actor};
use crate::store::{self, Connection, Transaction};
use challengectl_common::Timestamp;
use std::ops::{Deref, DerefMut};

/// An open transaction that can only be committed together with its audit row.
pub(crate) struct Command {
    transaction: Transaction,
    actor: Actor,
    action: &'static str,
    now: Timestamp,
}

/// The proof that a command was committed, with its outcome. Only [`Command::commit`] makes one.
pub(crate) struct Done<T>(T);

impl Command {
    /// Wraps an open transaction for `action` (such as `challenge.enable`). `now` is when the transaction began, not
    /// when the request came: it waits for the write transaction before it.
    pub(crate) fn new(transaction: Transaction, actor: Actor, action: &'static str, now: Timestamp) -> Self {
        Self { transaction, actor, action, now }
    }

    /// Returns the time of the change.
    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    /// Returns the actor's name.
    pub(crate) fn who(&self) -> String {
        self.actor.name.clone()
    }

    /// Inserts the audit row and commits. `subject` is the thing changed, empty for the system as a whole; neither it
    /// nor `details` contains a secret.
    pub(crate) async fn commit(mut self, subject: &str, details: Option<&str>) -> Result<Done<()>, CoreError> {
        audit::record(&mut self.transaction, &self.actor, self.action, subject, details, self.now).await?;
        store::commit(self.transaction).await?;
        Ok(Done(()))
    }
}

impl Done<()> {
    /// Adds the outcome of the command.
    pub(crate) fn with<T>(self, outcome: T) -> Done<T> {
        Done(outcome)
    }
}

impl<T> Done<T> {
    /// Returns the outcome of the command.
    pub(crate) fn outcome(self) -> T {
        self.0
    }
}

impl Deref for Command {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.transaction
    }
}

impl DerefMut for Command {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.transaction
    }
}
