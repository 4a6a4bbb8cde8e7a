//! Logins in force. Each request reads its login from the database, so that whatever ends a login, in this process or
//! another, ends it at once. Only an emergency stop does not wait for the database.

use super::{Accounts, Role, role_of};
use crate::CoreError;
use crate::audit::{self, Actor};
use crate::store;
use crate::store::accounts::logins::{self, Login};
use challengectl_common::{AccountName, Digest, Timestamp};
use std::net::IpAddr;
use std::time::Duration;

/// How long a login lasts without use.
pub const LOGIN_IDLE_TIMEOUT: Duration = Duration::from_secs(12 * 60 * 60);
/// How long a login lasts at most.
pub const MAX_LOGIN_AGE: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// The use of a login is recorded at most this often.
const TOUCH_PERIOD: Duration = Duration::from_secs(60);

/// A person who is logged in.
#[derive(Debug, Clone)]
pub struct Person {
    /// The name of the account.
    pub name: AccountName,
    /// The role of the account.
    pub role: Role,
    /// The address that the request came from.
    pub address: Option<IpAddr>,
    pub(crate) account_id: i64,
    pub(super) login: Digest,
    pub(super) since: Timestamp,
}

/// The account id of the local console; no account has it.
const CONSOLE: i64 = 0;

impl Person {
    /// Returns the person at the local console, who has the role of an operator and no account.
    #[must_use]
    pub fn at_console(now: Timestamp) -> Option<Self> {
        let name = AccountName::new("console").ok()?;
        let (role, login) = (Role::Operator, Digest::of(b""));
        Some(Self { name, role, address: None, account_id: CONSOLE, login, since: now })
    }

    /// Returns the person as an actor of the audit log.
    #[must_use]
    pub fn actor(&self) -> Actor {
        match self.account_id {
            CONSOLE => Actor::command_line(),
            _ => Actor::new(self.name.as_str(), self.address),
        }
    }

    /// Returns when the login ends at the latest.
    #[must_use]
    pub fn until(&self) -> Timestamp {
        self.since.after(MAX_LOGIN_AGE)
    }
}

impl Accounts {
    /// Returns the person of this login; `None` when it has ended, or its account is disabled or has not shown its
    /// first code.
    pub async fn person(&self, session: &str, address: Option<IpAddr>) -> Result<Option<Person>, CoreError> {
        let digest = Digest::of(session.as_bytes());
        let login = logins::find(&mut *self.store.read_few().await?, digest, true).await?;
        self.uses.learn(digest, login.as_ref());
        self.in_force(login, address)
    }

    /// Returns the same from memory, at most a second old: an emergency stop waits for no database. A login that is not
    /// known in memory is read from the database.
    pub async fn person_at_once(&self, session: &str, address: Option<IpAddr>) -> Result<Option<Person>, CoreError> {
        let known = self.uses.known(Digest::of(session.as_bytes()));
        match known.map(|login| self.in_force(Some(login), address)).transpose()?.flatten() {
            Some(person) => Ok(Some(person)),
            None => self.person(session, address).await,
        }
    }

    fn in_force(&self, login: Option<Login>, address: Option<IpAddr>) -> Result<Option<Person>, CoreError> {
        let now = self.clock.now();
        let Some(mut login) = login else { return Ok(None) };
        login.seen_at = self.uses.last(&login);
        if !is_valid(&login, now) {
            return Ok(None);
        }
        if now.since(login.seen_at) >= TOUCH_PERIOD {
            self.uses.add(login.digest, now);
        }
        let role = role_of(&login.account)?;
        let Login { digest, account, created_at: since, .. } = login;
        Ok(Some(Person { name: account.name, role, address, account_id: account.id, login: digest, since }))
    }

    /// Reads the logins for [`Accounts::person_at_once`]. On an error the known ones stay.
    pub async fn read_logins(&self) -> Result<(), CoreError> {
        let logins = logins::verified(&mut *self.store.read_few().await?).await?;
        self.uses.know(logins);
        Ok(())
    }

    /// Writes the last uses of logins to the database; no request waits for it. On an error the next call tries again.
    pub async fn write_uses(&self) -> Result<(), CoreError> {
        let uses = self.uses.unwritten();
        if uses.is_empty() {
            return Ok(());
        }
        let mut transaction = self.store.write().await?;
        for (login, at) in &uses {
            logins::touch(&mut transaction, *login, *at).await?;
        }
        store::commit(transaction).await?;
        self.uses.written(&uses);
        Ok(())
    }

    /// Ends the login of this person.
    pub async fn log_out(&self, person: &Person) -> Result<(), CoreError> {
        let mut transaction = self.store.write().await?;
        logins::delete(&mut transaction, person.login).await?;
        audit::record(&mut transaction, &person.actor(), "logout", person.name.as_str(), None, self.clock.now())
            .await?;
        Ok(store::commit(transaction).await?)
    }
}

/// Returns whether a login is in force. None of a player ever is.
pub fn is_valid(login: &Login, now: Timestamp) -> bool {
    login.account.enabled
        && login.account.role != Role::Player.as_str()
        && login.account.totp_confirmed
        && now < login.seen_at.after(LOGIN_IDLE_TIMEOUT)
        && now < login.created_at.after(MAX_LOGIN_AGE)
}
