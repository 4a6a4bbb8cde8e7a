//! The audit log: each action of a person inserts one row, in the transaction that makes the change.

use crate::CoreError;
use crate::store::Connection;
use crate::store::log::audit::{self, AuditRow};
pub use crate::store::log::audit::{AuditEntry, Whose};
use challengectl_common::Timestamp;
use std::net::IpAddr;

/// The person or program that does something, and the address that the request came from.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The name of the account, or a stand-in in parentheses, such as `(setup)`.
    pub name: String,
    /// `None` for the host's own command line.
    pub address: Option<IpAddr>,
}

impl Actor {
    /// Returns an actor of this name and address.
    #[must_use]
    pub fn new(name: impl Into<String>, address: Option<IpAddr>) -> Self {
        Self { name: name.into(), address }
    }

    /// Returns the actor that stands for the command line of the server's host.
    #[must_use]
    pub fn command_line() -> Self {
        Self::new("(command line)", None)
    }
}

/// Inserts the audit row of `action` (such as `challenge.enable`) on `target`, which is empty for the system as a
/// whole. `details` never contain a secret.
pub(crate) async fn record(
    transaction: &mut Connection,
    actor: &Actor,
    action: &str,
    target: &str,
    details: Option<&str>,
    at: Timestamp,
) -> Result<(), CoreError> {
    insert(transaction, actor, AuditRow { details, ..row(actor, action, target, at) }).await
}

/// Inserts the audit row of what a player does.
pub(crate) async fn record_of_player(
    transaction: &mut Connection,
    actor: &Actor,
    action: &str,
    target: &str,
    details: &str,
    at: Timestamp,
) -> Result<(), CoreError> {
    let row = AuditRow { details: Some(details), of: Whose::Players, ..row(actor, action, target, at) };
    insert(transaction, actor, row).await
}

fn row<'a>(actor: &'a Actor, what: &'a str, target: &'a str, at: Timestamp) -> AuditRow<'a> {
    AuditRow { at, who: &actor.name, what, target, from_address: None, details: None, of: Whose::Staff }
}

async fn insert(transaction: &mut Connection, actor: &Actor, row: AuditRow<'_>) -> Result<(), CoreError> {
    let from_address = actor.address.map(|address| address.to_string());
    audit::insert(transaction, AuditRow { from_address: from_address.as_deref(), ..row }).await?;
    tracing::info!(who = row.who, what = row.what, target = row.target, "audit");
    Ok(())
}
