//! Logging in: the password, then a TOTP or recovery code.

use super::client::{Client, remember};
use super::factor::{self, Code};
use super::{Accounts, Role, role_of};
use crate::CoreError;
use crate::audit::{self, Actor};
use crate::secrets::random_hex;
use crate::store::accounts::Account;
use crate::store::accounts::{self, logins, recovery, setup};
use crate::store::{self, Connection};
use crate::throttle::{Counted, Key, Step};
use challengectl_common::{AccountName, Digest, Timestamp};
use std::time::Duration;

/// Time from the password to the code; enough to set up an authenticator.
const CODE_TIMEOUT: Duration = Duration::from_secs(10 * 60);

const WRONG_TOKEN: CoreError = CoreError::Credentials("the temp_token is unknown or expired; log in again");
const WRONG_CODE: CoreError = CoreError::Credentials("the code is wrong, or was used before");

/// A new login, after password and code.
#[derive(Debug)]
pub struct LoggedIn {
    /// The name of the account.
    pub name: AccountName,
    /// The role of the account.
    pub role: Role,
    /// The login's token.
    pub session: String,
    /// The token by which the browser will be known; `None` if it was known before.
    pub device: Option<String>,
    /// The recovery codes, shown once: with the first code of the account.
    pub recovery_codes: Option<Vec<String>>,
}

impl Accounts {
    /// Counts a request by its address alone, since there is no account to count guesses at.
    pub fn count_request(&self, step: Step, client: &Client) -> Result<(), CoreError> {
        let counted = self.throttle.admit(Key::address(step, client.address), self.clock.instant());
        counted.map(Counted::keep).map_err(CoreError::TooMany)
    }

    /// Verifies a password. Returns the token that goes with the code.
    ///
    /// # Errors
    /// [`CoreError::Credentials`], the same and after the same time for an unknown name, a wrong password and a
    /// disabled account.
    pub async fn log_in(&self, name: &str, password: String, client: &Client) -> Result<String, CoreError> {
        let checked = self.check_password(Step::Login, name, password, client).await?;
        let (token, now) = (format!("temp_{}", random_hex::<32>()), self.clock.now());
        let mut transaction = self.store.write().await?;
        checked.is_still(&mut transaction).await?;
        logins::trim(
            &mut transaction,
            now.before(super::LOGIN_IDLE_TIMEOUT),
            now.before(super::MAX_LOGIN_AGE),
            now.before(CODE_TIMEOUT),
        )
        .await?;
        logins::insert(&mut transaction, Digest::of(token.as_bytes()), checked.account.id, false, now).await?;
        store::commit(transaction).await?;
        Ok(token)
    }

    /// Verifies a code, and begins a login.
    pub async fn verify_totp(&self, token: &str, code: &str, client: &Client) -> Result<LoggedIn, CoreError> {
        let token = Digest::of(token.as_bytes());
        let owing = logins::find(&mut *self.store.read_few().await?, token, false).await?;
        let known = self.known(owing.as_ref().map(|login| &login.account), client).await?;
        let Some(owing) = owing else {
            self.count_request(Step::VerifyTotp, client)?;
            return Err(WRONG_TOKEN);
        };
        let counted = self.admit(Step::VerifyTotp, client, known, owing.account.name.as_str())?;
        let begun = self.begin_login(token, Code::read(code), client, known).await;
        let logged_in = self.throttle.settle(counted, begun)?;
        if let Some(device) = &logged_in.device {
            for step in [Step::Login, Step::VerifyTotp] {
                let heir = Key::KnownBrowser(step, Digest::of(device.as_bytes()));
                self.throttle.inherit(&Key::network(step, client.address), heir);
            }
        }
        Ok(logged_in)
    }

    /// Begins a login and uses up the code, in one transaction: both or neither.
    async fn begin_login(
        &self,
        token: Digest,
        code: Code,
        client: &Client,
        known: Option<Digest>,
    ) -> Result<LoggedIn, CoreError> {
        let now = self.clock.now();
        let mut transaction = self.store.write().await?;
        // The login is read again in this transaction: the account may have changed since.
        let login = logins::find(&mut transaction, token, false).await?;
        let login = login
            .filter(|login| now < login.created_at.after(CODE_TIMEOUT) && login.account.enabled)
            .ok_or(WRONG_TOKEN)?;
        let account = login.account;
        self.use_code(&mut transaction, &account, code, now).await?;
        logins::delete(&mut transaction, token).await?;

        let session = random_hex::<32>();
        logins::insert(&mut transaction, Digest::of(session.as_bytes()), account.id, true, now).await?;
        accounts::logged_in(&mut transaction, account.id, now).await?;
        let recovery_codes = match account.totp_confirmed {
            true => None,
            false => Some(confirm(&mut transaction, account.id).await?),
        };
        let device = remember(&mut transaction, account.id, known, now).await?;
        let actor = Actor::new(account.name.as_str(), client.address);
        audit::record(&mut transaction, &actor, "login", account.name.as_str(), None, now).await?;
        let role = role_of(&account)?;
        store::commit(transaction).await?;
        Ok(LoggedIn { name: account.name, role, session, device, recovery_codes })
    }

    /// Uses up a code; a code is valid only once.
    pub(super) async fn use_code(
        &self,
        transaction: &mut Connection,
        account: &Account,
        code: Code,
        now: Timestamp,
    ) -> Result<(), CoreError> {
        let used = match code {
            Code::Recovery(digest) => recovery::take(transaction, account.id, digest).await?,
            Code::Totp(code) => {
                let secret = self.vault.open_sealed(&account.totp_secret, &purpose(&account.name))?;
                match factor::step_of(&code, &secret, now)? {
                    Some(step) => accounts::use_step(transaction, account.id, step).await?,
                    None => false,
                }
            }
        };
        if used { Ok(()) } else { Err(WRONG_CODE) }
    }
}

async fn confirm(transaction: &mut Connection, account_id: i64) -> Result<Vec<String>, CoreError> {
    accounts::confirm(transaction, account_id).await?;
    // There is a valid account now, so setup is over.
    setup::close(transaction).await?;
    renew_recovery_codes(transaction, account_id).await
}

/// Replaces the recovery codes of an account.
pub async fn renew_recovery_codes(transaction: &mut Connection, account_id: i64) -> Result<Vec<String>, CoreError> {
    recovery::clear(transaction, account_id).await?;
    let codes = factor::recovery_codes();
    for code in &codes {
        let Code::Recovery(digest) = Code::read(code) else { continue };
        recovery::insert(transaction, account_id, digest).await?;
    }
    Ok(codes)
}

/// Returns the purpose that the secret of an account is sealed for.
pub fn purpose(name: &AccountName) -> String {
    format!("totp of {name}")
}
