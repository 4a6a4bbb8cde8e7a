//! Accounts: identity, roles, and how people prove who they are.

mod api_tokens;
mod changes;
pub(crate) mod check;
mod check_deployer;
pub(crate) mod client;
mod factor;
mod first;
mod login;
mod logins;
mod managers;
mod own;
mod passwords;
mod role;
mod users;
mod uses;

pub use crate::throttle::Step;
pub use api_tokens::IssuedApiToken;
pub use changes::Changes;
pub use client::{Client, KNOWN_BROWSER_RETENTION};
pub use factor::TotpSetup;
pub use first::FirstAccount;
pub use login::LoggedIn;
pub use logins::{LOGIN_IDLE_TIMEOUT, MAX_LOGIN_AGE, Person};
pub use managers::Manager;
pub use passwords::random as random_password;
pub use role::{ParseRoleError, Role};
pub use users::User;

use crate::store::accounts::{self, Account};
use crate::store::log::audit::{self, AuditEntry, Whose};
use crate::store::log::history::Page;
use crate::store::{Store, StoreError};
use crate::throttle::Throttle;
use crate::vault::Vault;
use crate::{Clock, CoreError};
use passwords::Passwords;
use std::path::Path;
use uses::Uses;

/// The accounts and their logins.
#[derive(Debug)]
pub struct Accounts {
    store: Store,
    clock: Clock,
    vault: Vault,
    passwords: Passwords,
    throttle: Throttle,
    uses: Uses,
}

impl Accounts {
    /// Opens the accounts of this database.
    ///
    /// # Errors
    /// [`CoreError::Refused`] when the key is missing although the database contains secrets sealed with it.
    pub async fn open(store: Store, data_dir: &Path, clock: Clock) -> Result<Self, CoreError> {
        let vault = Vault::open(data_dir, accounts::are_there(&mut *store.read().await?).await?)?;
        Ok(Self {
            store,
            clock,
            vault,
            passwords: Passwords::default(),
            throttle: Throttle::default(),
            uses: Uses::default(),
        })
    }

    /// Returns the hash of the password of a new player, whose browser is unknown.
    pub(crate) async fn hash_for_player(&self, password: String) -> Result<String, CoreError> {
        self.passwords.hash(password, passwords::Queue::Players).await
    }

    /// Derives a key for a `purpose` from the key of the data directory.
    pub(crate) fn derive(&self, purpose: &str) -> [u8; 32] {
        self.vault.derive(purpose)
    }

    /// Returns a page of the audit log, newest first, and the number of all its entries: of what the staff did, or of what
    /// players did.
    pub async fn audit(&self, whose: Whose, page: Page) -> Result<(Vec<AuditEntry>, u64), CoreError> {
        let mut connection = self.store.read().await?;
        let list = audit::list(&mut connection, whose, page).await?;
        Ok((list, audit::count(&mut connection, whose).await?))
    }
}

fn role_of(account: &Account) -> Result<Role, StoreError> {
    account
        .role
        .parse()
        .map_err(|error: ParseRoleError| StoreError::Corrupt { what: "role", reason: error.to_string() })
}
