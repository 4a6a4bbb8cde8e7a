//! Managing accounts. The same rules apply at the command line and over HTTP.

use super::changes::Changes;
use super::login::purpose;
use super::logins::is_valid;
use super::managers::{Manager, keep_an_admin};
use super::passwords::Queue;
use super::{Accounts, Role, TotpSetup, factor, role_of};
use crate::CoreError;
use crate::store::accounts::{self, logins};
use crate::store::accounts::{Account, NewAccount};
use crate::store::{self, Connection, Transaction};
use challengectl_common::{AccountName, Timestamp};

/// An account as others may see it.
#[derive(Debug, Clone)]
pub struct User {
    /// The name.
    pub name: AccountName,
    /// The role.
    pub role: Role,
    /// Whether it is enabled.
    pub enabled: bool,
    /// Whether its owner has given the first code.
    pub confirmed: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// The time of its last login.
    pub last_login: Option<Timestamp>,
}

impl Accounts {
    /// Returns all accounts of people who run the event.
    pub async fn users(&self) -> Result<Vec<User>, CoreError> {
        let accounts = accounts::all(&mut *self.store.read().await?).await?;
        accounts
            .into_iter()
            .map(|account| {
                Ok(User {
                    role: role_of(&account)?,
                    name: account.name,
                    enabled: account.enabled,
                    confirmed: account.totp_confirmed,
                    created_at: account.created_at,
                    last_login: account.last_login,
                })
            })
            .collect()
    }

    /// Makes an account, which becomes valid with its first code.
    ///
    /// # Errors
    /// [`CoreError::Forbidden`] when the manager may not give this role, [`CoreError::Conflict`] when the name is
    /// taken.
    pub async fn add_user(
        &self,
        manager: Manager<'_>,
        name: &AccountName,
        password: String,
        role: Role,
    ) -> Result<TotpSetup, CoreError> {
        manager.may_give(role)?;
        let password = self.passwords.hash(password, Queue::Known).await?;
        let (secret, totp) = factor::new_secret(name)?;
        let sealed = self.vault.seal(&secret, &purpose(name))?;
        let now = self.clock.now();
        let mut transaction = self.begin(manager).await?;
        let made_by = manager.account_id();
        let account = NewAccount { name, role: role.as_str(), password: &password, totp_secret: &sealed, made_by };
        if accounts::insert(&mut transaction, account, now).await?.is_none() {
            return Err(CoreError::Conflict(format!("there is a user {name} already")));
        }
        manager.record(&mut transaction, "user.create", name, Some(role.as_str()), now).await?;
        store::commit(transaction).await?;
        Ok(totp)
    }

    /// Returns one account, whatever the capitals of the name.
    pub async fn user(&self, name: &str) -> Result<User, CoreError> {
        let known = self.users().await?.into_iter().find(|user| user.name.as_str().eq_ignore_ascii_case(name));
        known.ok_or_else(|| missing(name))
    }

    /// Changes an account: all of the changes or none. Any change ends its logins.
    pub async fn change_user(&self, manager: Manager<'_>, name: &str, changes: Changes) -> Result<(), CoreError> {
        // Checked before the password is hashed, which takes time, and again after.
        let changes = self.look_up(manager, name, changes).await?;
        if changes.is_empty() {
            return Ok(());
        }
        let password = match changes.password.clone() {
            Some(password) => Some(self.passwords.hash(password, Queue::Known).await?),
            None => None,
        };
        let mut transaction = self.begin(manager).await?;
        let account = find(&mut transaction, name).await?;
        manager.may_change(&account, &changes)?;
        let (id, now) = (account.id, self.clock.now());
        if let Some(password) = &password {
            accounts::set_password(&mut transaction, id, password).await?;
            manager.record(&mut transaction, "user.password", &account.name, None, now).await?;
        }
        let changes = changes.beyond(&account);
        if let Some(role) = changes.role {
            accounts::set_role(&mut transaction, id, role.as_str()).await?;
            manager.record(&mut transaction, "user.role", &account.name, Some(role.as_str()), now).await?;
        }
        if let Some(enabled) = changes.enabled {
            accounts::set_enabled(&mut transaction, id, enabled).await?;
            let what = if enabled { "user.enable" } else { "user.disable" };
            manager.record(&mut transaction, what, &account.name, None, now).await?;
        }
        keep_an_admin(&mut transaction, &account).await?;
        logins::end_of_account(&mut transaction, id, manager.own_login(&account)).await?;
        Ok(store::commit(transaction).await?)
    }

    /// Deletes an account and its logins.
    pub async fn delete_user(&self, manager: Manager<'_>, name: &str) -> Result<(), CoreError> {
        let mut transaction = self.begin(manager).await?;
        let account = find(&mut transaction, name).await?;
        manager.may_touch(&account)?;
        accounts::delete(&mut transaction, account.id).await?;
        keep_an_admin(&mut transaction, &account).await?;
        manager.record(&mut transaction, "user.delete", &account.name, None, self.clock.now()).await?;
        Ok(store::commit(transaction).await?)
    }

    /// Gives an account a new secret, which its owner has to confirm by a first code. Its logins end.
    pub async fn reset_totp(&self, manager: Manager<'_>, name: &str) -> Result<TotpSetup, CoreError> {
        let mut transaction = self.begin(manager).await?;
        let account = find(&mut transaction, name).await?;
        manager.may_renew(&account, self.clock.now())?;
        let (secret, totp) = factor::new_secret(&account.name)?;
        let sealed = self.vault.seal(&secret, &purpose(&account.name))?;
        accounts::set_totp(&mut transaction, account.id, &sealed).await?;
        logins::end_of_account(&mut transaction, account.id, None).await?;
        manager.record(&mut transaction, "user.reset_totp", &account.name, None, self.clock.now()).await?;
        store::commit(transaction).await?;
        Ok(totp)
    }

    /// Begins a change. Time has passed since the manager was authorised, above all for hashing a password: a manager
    /// who was disabled or given another role meanwhile changes nothing.
    async fn begin(&self, manager: Manager<'_>) -> Result<Transaction, CoreError> {
        let mut transaction = self.store.write().await?;
        let Manager::Person(person) = manager else { return Ok(transaction) };
        let login = logins::find(&mut transaction, person.login, true).await?;
        let now = self.clock.now();
        match login.filter(|login| is_valid(login, now)) {
            Some(login) if role_of(&login.account)? == person.role => Ok(transaction),
            _ => Err(CoreError::Forbidden("your login has ended, or your role has changed; log in again".to_owned())),
        }
    }

    /// Returns the changes that are left to make, if this manager may make them.
    async fn look_up(&self, manager: Manager<'_>, name: &str, changes: Changes) -> Result<Changes, CoreError> {
        let account = find(&mut *self.store.read().await?, name).await?;
        let changes = changes.beyond(&account);
        manager.may_change(&account, &changes)?;
        if changes.password.is_some() {
            manager.may_renew(&account, self.clock.now())?;
        }
        Ok(changes)
    }
}

async fn find(connection: &mut Connection, name: &str) -> Result<Account, CoreError> {
    let known = AccountName::new(name).map_err(|_| missing(name))?;
    let account = accounts::find(connection, &known).await?;
    // Players are managed by `Players`: without a second factor none may get another role.
    account.filter(|account| account.role != Role::Player.as_str()).ok_or_else(|| missing(name))
}

fn missing(name: &str) -> CoreError {
    CoreError::NoSuchAccount(name.chars().take(64).collect())
}
