//! Logging in: the password, then a TOTP or recovery code.

use super::factor::{self, Code};
use super::passwords::Queue;
use super::{Accounts, Role, role_of};
use crate::CoreError;
use crate::audit::{self, Actor};
use crate::secrets::random_hex;
use crate::store::accounts::Account;
use crate::store::accounts::{self, devices, logins, recovery, setup};
use crate::store::{self, Connection};
use crate::throttle::{Counted, Key, Step};
use challengectl_common::{AccountName, Digest, Timestamp};
use std::net::IpAddr;
use std::time::Duration;

/// Time from the password to the code; enough to set up an authenticator.
const CODE_TIMEOUT: Duration = Duration::from_secs(10 * 60);
/// How long a browser stays known.
pub const KNOWN_BROWSER_RETENTION: Duration = Duration::from_secs(90 * 24 * 60 * 60);

const WRONG_PASSWORD: CoreError = CoreError::Credentials("wrong user name or password, or the account is disabled");
const WRONG_TOKEN: CoreError = CoreError::Credentials("the temp_token is unknown or expired; log in again");
const WRONG_CODE: CoreError = CoreError::Credentials("the code is wrong, or was used before");

/// The client that sends a request.
#[derive(Debug, Clone, Default)]
pub struct Client {
    /// The address that the request comes from.
    pub address: Option<IpAddr>,
    /// The known browser's token, which it got at an earlier login.
    pub device: Option<String>,
}

impl Client {
    fn device(&self) -> Option<Digest> {
        self.device.as_ref().map(|token| Digest::of(token.as_bytes()))
    }
}

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
        let account = match AccountName::new(name) {
            Ok(name) => accounts::find(&mut *self.store.read_few().await?, &name).await?,
            Err(_) => None,
        };
        let known = self.known(account.as_ref(), client).await?;
        let counted = self.admit(Step::Login, client, known, name)?;
        self.throttle.settle(counted, self.check_password(account, password, client, known.is_some()).await)
    }

    async fn check_password(
        &self,
        account: Option<Account>,
        password: String,
        client: &Client,
        is_known: bool,
    ) -> Result<String, CoreError> {
        let stored = account.as_ref().map(|account| account.password.clone());
        let queue = if is_known { Queue::Known } else { Queue::Strangers };
        let fits = self.passwords.verify(password, stored, queue).await?;
        let refused = || {
            tracing::warn!(from = ?client.address, "a password was refused");
            WRONG_PASSWORD
        };
        let account = account.filter(|account| fits && account.enabled).ok_or_else(refused)?;
        let (token, now) = (format!("temp_{}", random_hex::<32>()), self.clock.now());
        let mut transaction = self.store.write().await?;
        // Comparing took time, in which the account may have changed.
        let current = accounts::find(&mut transaction, &account.name).await?;
        let is_same = |current: &Account| current.id == account.id && current.password == account.password;
        current.filter(|current| current.enabled && is_same(current)).ok_or_else(refused)?;
        logins::trim(
            &mut transaction,
            now.before(super::LOGIN_IDLE_TIMEOUT),
            now.before(super::MAX_LOGIN_AGE),
            now.before(CODE_TIMEOUT),
        )
        .await?;
        logins::insert(&mut transaction, Digest::of(token.as_bytes()), account.id, false, now).await?;
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
        let device = known.is_none().then(random_hex::<32>);
        if let Some(device) = &device {
            let digest = Digest::of(device.as_bytes());
            devices::insert(&mut transaction, digest, account.id, now, now.before(KNOWN_BROWSER_RETENTION)).await?;
        }
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

    /// Returns the digest of the browser's token if the account knows the browser.
    async fn known(&self, account: Option<&Account>, client: &Client) -> Result<Option<Digest>, CoreError> {
        let (Some(account), Some(device)) = (account, client.device()) else { return Ok(None) };
        let oldest = self.clock.now().before(KNOWN_BROWSER_RETENTION);
        let known = devices::is_known(&mut *self.store.read_few().await?, device, account.id, oldest).await?;
        Ok(known.then_some(device))
    }

    /// Counts a guess at this name. A known browser has a count of its own, so that it gets in after others have used
    /// up the count of its address; when its own count is used up, the address's applies.
    fn admit(&self, step: Step, client: &Client, known: Option<Digest>, name: &str) -> Result<Counted, CoreError> {
        let now = self.clock.instant();
        let guesses = guesses(name, known);
        let by_address = || {
            let keys = Key::address(step, client.address).into_iter().chain([guesses.clone()]);
            self.throttle.admit(keys.collect(), now)
        };
        let admitted = match known {
            None => by_address(),
            Some(device) => {
                let own = self.throttle.admit(vec![Key::KnownBrowser(step, device), guesses.clone()], now);
                own.or_else(|_| by_address())
            }
        };
        admitted.map_err(CoreError::TooMany)
    }
}

/// Returns the key for wrong guesses at this name. Names that no account has are counted too, or the count would reveal
/// which names exist.
fn guesses(name: &str, known: Option<Digest>) -> Key {
    match known {
        Some(device) => Key::KnownGuesses(device),
        None => Key::Guesses(Digest::of(name.trim().to_lowercase().as_bytes())),
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
