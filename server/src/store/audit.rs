//! The record of who changed what.

use super::{Connection, StoreError};
use challengectl_common::Timestamp;

/// One change.
#[derive(Debug, Clone, Copy)]
pub struct AuditRow<'a> {
    /// When.
    pub at: Timestamp,
    /// The name of the account, or of what acted in the place of one.
    pub who: &'a str,
    /// What was done.
    pub what: &'a str,
    /// To what.
    pub target: &'a str,
    /// From where, if it came over the network.
    pub from_address: Option<&'a str>,
    /// What else is worth knowing.
    pub details: Option<&'a str>,
}

/// Adds a change.
///
/// # Errors
/// When the database cannot be written to.
pub async fn insert(connection: &mut Connection, row: AuditRow<'_>) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO audit (at, who, what, target, from_address, details) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(row.at.as_millis())
        .bind(row.who)
        .bind(row.what)
        .bind(row.target)
        .bind(row.from_address)
        .bind(row.details)
        .execute(connection)
        .await?;
    Ok(())
}
