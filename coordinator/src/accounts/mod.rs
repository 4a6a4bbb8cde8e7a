//! People: who they are, what they may do, and how they show it.

mod changes;
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
mod vault;

pub use crate::throttle::Step;
pub use changes::Changes;
pub use factor::TotpSetup;
pub use first::FirstAccount;
pub use login::{Client, DEVICE_LIFE, LoggedIn};
pub use logins::{IDLE, LONGEST, Person};
pub use managers::Manager;
pub use passwords::random as random_password;
pub use role::{ParseRoleError, Role};
pub use users::User;

use crate::store::accounts::{self, Account};
use crate::store::log::audit::{self, AuditEntry};
use crate::store::log::history::Page;
use crate::store::{Store, StoreError};
use crate::throttle::Throttle;
use crate::{Clock, CoreError};
use passwords::Passwords;
use std::path::Path;
use uses::Uses;
use vault::Vault;

/// The accounts of people, and who is logged in.
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
    /// The accounts of this database.
    ///
    /// # Errors
    /// When the key that lies beside it cannot be read, or is missing although the database holds what it has sealed.
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

    /// What people have done, newest first, and how much that is in all.
    pub async fn audit(&self, page: Page) -> Result<(Vec<AuditEntry>, u64), CoreError> {
        let mut connection = self.store.read().await?;
        let list = audit::list(&mut connection, page).await?;
        Ok((list, audit::count(&mut connection).await?))
    }
}

fn role_of(account: &Account) -> Result<Role, StoreError> {
    account
        .role
        .parse()
        .map_err(|error: ParseRoleError| StoreError::Corrupt { what: "role", reason: error.to_string() })
}
