//! Checking passwords where challenges are deployed: accounts of all roles log in there, and one that has a second factor
//! gives both at once.

use super::check::Checked;
use super::client::Client;
use super::factor::Code;
use super::passwords::Queue;
use super::{Accounts, Role};
use crate::CoreError;
use crate::network::subnet;
use crate::store::Connection;
use crate::store::accounts::{self, Account};
use crate::throttle::{Counted, Key, Step};
use challengectl_common::{AccountName, Digest};
use std::net::{IpAddr, Ipv4Addr};

/// The same for an unknown name, a wrong password, an account that is disabled, and a wrong code.
const REFUSED: CoreError = CoreError::Credentials(
    "wrong username or password, or the account is inactive, or its totp_code is missing or wrong",
);

/// Characters of a password, at most.
const MAX_PASSWORD: usize = 1024;

impl Accounts {
    /// Returns the hash of the password of a new deployer.
    pub(crate) async fn hash_for_deployer(&self, password: String) -> Result<String, CoreError> {
        self.passwords.hash_within(MAX_PASSWORD, password, Queue::Players).await
    }

    /// Verifies a password, and that there is a code if the account has a second factor: this login is no way round it. The
    /// code is used up by [`use_code_of`](Self::use_code_of).
    ///
    /// # Errors
    /// [`CoreError::Credentials`], the same and after the same time whatever is wrong. [`CoreError::TooMany`] after some
    /// that were wrong at this name from this network, or from this address.
    pub(crate) async fn check_deployer(
        &self,
        name: &str,
        password: String,
        code: Option<&str>,
        client: &Client,
    ) -> Result<(Checked, Counted), CoreError> {
        let account = match AccountName::new(name) {
            Ok(name) => accounts::find(&mut *self.store.read_few().await?, &name).await?,
            Err(_) => None,
        };
        let counted = self.count_guess(name, account.as_ref(), client)?;
        let stored = account.as_ref().map(|account| account.password.clone());
        let fits = self.passwords.verify(password, stored, Queue::Players).await?;
        match account.filter(|account| fits && account.enabled && has_what_it_needs(account, code)) {
            Some(account) => Ok((Checked { account, known: None }, counted)),
            None => {
                tracing::warn!(from = ?client.address, "a password was refused");
                counted.keep();
                Err(REFUSED)
            }
        }
    }

    fn count_guess(&self, name: &str, account: Option<&Account>, client: &Client) -> Result<Counted, CoreError> {
        let digest = Digest::of(name.trim().to_lowercase().as_bytes());
        let network = client.address.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), subnet);
        let mut keys = Key::address(Step::Deploy, client.address);
        keys.push(Key::GuessesFrom(digest, network));
        // Whoever guesses here has no more guesses at an account that runs the event than at its own login.
        keys.extend(account.filter(|account| !is_player(account)).map(|_| Key::Guesses(digest)));
        self.throttle.admit(keys, self.clock.instant()).map_err(CoreError::TooMany)
    }

    /// Uses up the code of an account that has a second factor, within the transaction that begins the login.
    pub(crate) async fn use_code_of(
        &self,
        transaction: &mut Connection,
        account: &Account,
        code: Option<&str>,
    ) -> Result<(), CoreError> {
        if is_player(account) {
            return Ok(());
        }
        let code = Code::read(code.unwrap_or_default());
        match self.use_code(transaction, account, code, self.clock.now()).await {
            Err(CoreError::Credentials(_)) => Err(REFUSED),
            other => other,
        }
    }

    /// Keeps the count of a login that was refused.
    pub(crate) fn settle_deployer<T>(&self, counted: Counted, outcome: Result<T, CoreError>) -> Result<T, CoreError> {
        self.throttle.settle(counted, outcome)
    }
}

fn is_player(account: &Account) -> bool {
    account.role == Role::Player.as_str()
}

/// An account that runs the event counts from its first code on, which it gives at its own login.
fn has_what_it_needs(account: &Account, code: Option<&str>) -> bool {
    is_player(account) || (account.totp_confirmed && code.is_some())
}
