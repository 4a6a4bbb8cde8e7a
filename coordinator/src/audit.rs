//! The audit log: every action of a person leaves a row, in the transaction that does it.

use crate::CoreError;
use crate::store::Connection;
pub use crate::store::log::audit::AuditEntry;
use crate::store::log::audit::{self, AuditRow};
use challengectl_common::Timestamp;
use std::net::IpAddr;

/// Who acts, and from where.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    /// The name of the account.
    pub who: &'a str,
    /// Where the request came from.
    pub from: Option<IpAddr>,
}

/// The same for work that goes on when the request is gone.
#[derive(Debug, Clone)]
pub struct Actor {
    who: String,
    from: Option<IpAddr>,
}

impl From<By<'_>> for Actor {
    fn from(by: By<'_>) -> Self {
        Self { who: by.who.to_owned(), from: by.from }
    }
}

impl Actor {
    /// Who acts, and from where.
    #[must_use]
    pub fn by(&self) -> By<'_> {
        By { who: &self.who, from: self.from }
    }
}

impl By<'static> {
    /// Somebody at the command line of the server's host.
    pub const COMMAND_LINE: Self = Self { who: "(command line)", from: None };
}

/// Writes down that somebody did `what` (such as `challenge.enable`) to `target`; empty for the system as a whole.
/// `details` never hold a secret.
pub async fn note(
    transaction: &mut Connection,
    by: By<'_>,
    what: &str,
    target: &str,
    details: Option<&str>,
    at: Timestamp,
) -> Result<(), CoreError> {
    let from = by.from.map(|address| address.to_string());
    let row = AuditRow { at, who: by.who, what, target, from_address: from.as_deref(), details };
    audit::insert(transaction, row).await?;
    tracing::info!(who = by.who, what, target, "audit");
    Ok(())
}
