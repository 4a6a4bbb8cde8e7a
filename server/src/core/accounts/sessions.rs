//! Who is logged in. The database is asked each time, so that whatever ends a login, in this program or in another,
//! ends it at once.

use super::{Accounts, Role, role_of};
use crate::core::CoreError;
use crate::core::audit::{self, By};
use crate::store;
use crate::store::logins::{self, Login};
use challengectl_common::{AccountName, Digest, Timestamp};
use std::net::IpAddr;
use std::time::Duration;

/// How long a login lasts that nobody uses.
pub const IDLE: Duration = Duration::from_secs(12 * 60 * 60);
/// How long any login lasts.
pub const LONGEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Uses of a login are written down so often at most.
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

impl Person {
    /// For the audit log.
    #[must_use]
    pub fn by(&self) -> By<'_> {
        By { who: self.name.as_str(), from: self.address }
    }

    /// When the login ends at the latest.
    #[must_use]
    pub fn until(&self) -> Timestamp {
        self.since.after(LONGEST)
    }
}

impl Accounts {
    /// Who shows this session; nobody when it has ended, or its account is disabled or owes a code.
    ///
    /// # Errors
    /// When the database does not work.
    pub async fn person(&self, session: &str, address: Option<IpAddr>) -> Result<Option<Person>, CoreError> {
        let digest = Digest::of(session.as_bytes());
        let login = logins::find(&mut *self.store.read().await?, digest, true).await?;
        let now = self.clock.now();
        let Some(login) = login.filter(|login| counts(login, now)) else { return Ok(None) };
        if now.since(login.seen_at) >= TOUCH_EVERY {
            // A database that cannot be written to, as on a full disk, must not hide from people what it holds.
            if let Err(error) = self.touch(digest, now).await {
                tracing::error!(%error, "the use of a session could not be written down");
            }
        }
        let role = role_of(&login.account)?;
        let Login { account, created_at: since, .. } = login;
        Ok(Some(Person { name: account.name, role, address, account_id: account.id, login: digest, since }))
    }

    async fn touch(&self, login: Digest, now: Timestamp) -> Result<(), CoreError> {
        let mut transaction = self.store.write().await?;
        logins::touch(&mut transaction, login, now).await?;
        Ok(store::commit(transaction).await?)
    }

    /// Ends the session of whoever asks.
    ///
    /// # Errors
    /// When the database cannot be written to.
    pub async fn log_out(&self, person: &Person) -> Result<(), CoreError> {
        let mut transaction = self.store.write().await?;
        logins::delete(&mut transaction, person.login).await?;
        audit::note(&mut transaction, person.by(), "logout", person.name.as_str(), None, self.clock.now()).await?;
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
