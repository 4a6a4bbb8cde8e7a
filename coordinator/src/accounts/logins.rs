//! Who is logged in. The database is asked each time, so that whatever ends a login, in this program or in another,
//! ends it at once; only an emergency stop does not wait for that.

use super::{Accounts, Role, role_of};
use crate::CoreError;
use crate::audit::{self, Actor};
use crate::store;
use crate::store::accounts::logins::{self, Login};
use challengectl_common::{AccountName, Digest, Timestamp};
use std::net::IpAddr;
use std::time::Duration;

/// How long a login lasts that nobody uses.
pub const IDLE: Duration = Duration::from_secs(12 * 60 * 60);
/// How long any login lasts.
pub const LONGEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Uses of a login are recorded so often at most.
const TOUCH_EVERY: Duration = Duration::from_secs(60);

/// Somebody who is logged in.
#[derive(Debug, Clone)]
pub struct Person {
    /// The name of the account.
    pub name: AccountName,
    /// What it may do.
    pub role: Role,
    /// Where the request came from.
    pub address: Option<IpAddr>,
    pub(super) account_id: i64,
    pub(super) login: Digest,
    pub(super) since: Timestamp,
}

/// No account has this id.
const CONSOLE: i64 = 0;

impl Person {
    /// Whoever has the local console: may do what an operator may, and is no account.
    #[must_use]
    pub fn at_console(now: Timestamp) -> Option<Self> {
        let name = AccountName::new("console").ok()?;
        let (role, login) = (Role::Operator, Digest::of(b""));
        Some(Self { name, role, address: None, account_id: CONSOLE, login, since: now })
    }

    /// Returns the person as the actor of what the audit log records.
    #[must_use]
    pub fn actor(&self) -> Actor {
        match self.account_id {
            CONSOLE => Actor::command_line(),
            _ => Actor::new(self.name.as_str(), self.address),
        }
    }

    /// When the login ends at the latest.
    #[must_use]
    pub fn until(&self) -> Timestamp {
        self.since.after(LONGEST)
    }
}

impl Accounts {
    /// Who shows this session; nobody when it has ended, or its account is disabled or owes a code.
    pub async fn person(&self, session: &str, address: Option<IpAddr>) -> Result<Option<Person>, CoreError> {
        let digest = Digest::of(session.as_bytes());
        let login = logins::find(&mut *self.store.read_few().await?, digest, true).await?;
        self.uses.learn(digest, login.as_ref());
        self.in_force(login, address)
    }

    /// The same without the database, for an emergency stop, which waits for nothing: as it was a second ago. A login
    /// that is not known here is looked up as any other.
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
        if !counts(&login, now) {
            return Ok(None);
        }
        if now.since(login.seen_at) >= TOUCH_EVERY {
            self.uses.add(login.digest, now);
        }
        let role = role_of(&login.account)?;
        let Login { digest, account, created_at: since, .. } = login;
        Ok(Some(Person { name: account.name, role, address, account_id: account.id, login: digest, since }))
    }

    /// Reads again who is logged in, for [`Accounts::person_at_once`].
    ///
    /// # Errors
    /// When the database cannot be read; then what was known stays.
    pub async fn read_logins(&self) -> Result<(), CoreError> {
        let logins = logins::verified(&mut *self.store.read_few().await?).await?;
        self.uses.know(logins);
        Ok(())
    }

    /// Writes down when logins were last used. Nobody waits for it.
    ///
    /// # Errors
    /// When the database cannot be written to; then the next call tries again.
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

    /// Ends the session of whoever asks.
    pub async fn log_out(&self, person: &Person) -> Result<(), CoreError> {
        let mut transaction = self.store.write().await?;
        logins::delete(&mut transaction, person.login).await?;
        audit::record(&mut transaction, &person.actor(), "logout", person.name.as_str(), None, self.clock.now())
            .await?;
        Ok(store::commit(transaction).await?)
    }
}

/// Whether a login is still in force.
pub fn counts(login: &Login, now: Timestamp) -> bool {
    login.account.enabled
        && login.account.totp_confirmed
        && now < login.seen_at.after(IDLE)
        && now < login.created_at.after(LONGEST)
}
