//! People: who they are, what they may do, and how they show it.

mod role;
mod sessions;

pub use role::{ParseRoleError, Role};
pub use sessions::{Person, csrf_token};

use super::Clock;
use crate::store::accounts::Account;
use crate::store::{Store, StoreError};

/// The accounts of people, and who is logged in.
#[derive(Debug)]
pub struct Accounts {
    store: Store,
    clock: Clock,
}

impl Accounts {
    /// The accounts of this database.
    #[must_use]
    pub fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock }
    }
}

fn role_of(account: &Account) -> Result<Role, StoreError> {
    account
        .role
        .parse()
        .map_err(|error: ParseRoleError| StoreError::Corrupt { what: "role", reason: error.to_string() })
}
