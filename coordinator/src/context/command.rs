//! A change that somebody makes, and the row in the audit log that it leaves.

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

/// The proof that a command was committed, with what it came to. Only [`Command::commit`] makes one.
pub(crate) struct Done<T>(T);

impl Command {
    /// Begins `action` (such as `challenge.enable`) in this transaction. `now` is when the transaction was begun, not
    /// when it was asked for: it waits for the change before it.
    pub(crate) fn new(transaction: Transaction, actor: Actor, action: &'static str, now: Timestamp) -> Self {
        Self { transaction, actor, action, now }
    }

    /// Returns when the change is made.
    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    /// Returns who makes the change, by name.
    pub(crate) fn who(&self) -> String {
        self.actor.name.clone()
    }

    /// Writes the audit row and commits. `subject` is what was changed, empty for the system as a whole; neither it nor
    /// `details` holds a secret.
    pub(crate) async fn commit(mut self, subject: &str, details: Option<&str>) -> Result<Done<()>, CoreError> {
        audit::record(&mut self.transaction, &self.actor, self.action, subject, details, self.now).await?;
        store::commit(self.transaction).await?;
        Ok(Done(()))
    }
}

impl Done<()> {
    /// Adds what the command came to.
    pub(crate) fn with<T>(self, outcome: T) -> Done<T> {
        Done(outcome)
    }
}

impl<T> Done<T> {
    /// Returns what the command came to.
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
