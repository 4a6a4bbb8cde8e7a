//! Checking passwords: counted, and after the same time whether a name is known or not.

use super::client::Client;
use super::passwords::Queue;
use super::{Accounts, Role};
use crate::CoreError;
use crate::store::Connection;
use crate::store::accounts::{self, Account};
use crate::throttle::{Counted, Key, Step};
use challengectl_common::{AccountName, Digest};

const WRONG_PASSWORD: CoreError = CoreError::Credentials("wrong user name or password, or the account is disabled");

/// An account whose password was right.
#[derive(Debug)]
pub struct Checked {
    /// The account.
    pub account: Account,
    /// The browser, if the account knows it.
    pub known: Option<Digest>,
}

impl Checked {
    /// Checks that the account is as it was: comparing a password takes time.
    pub async fn is_still(&self, transaction: &mut Connection) -> Result<(), CoreError> {
        let current = accounts::get(transaction, self.account.id).await?;
        let is_same = current.is_some_and(|current| current.enabled && current.password == self.account.password);
        if is_same { Ok(()) } else { Err(WRONG_PASSWORD) }
    }
}

impl Accounts {
    /// Verifies a password at this step of logging in. Players log in at [`Step::Play`] and nowhere else; a name that
    /// logs in elsewhere is treated like an unknown one.
    ///
    /// # Errors
    /// [`CoreError::Credentials`], the same and after the same time for an unknown name, a wrong password and a
    /// disabled account.
    pub(crate) async fn check_password(
        &self,
        step: Step,
        name: &str,
        password: String,
        client: &Client,
    ) -> Result<Checked, CoreError> {
        let account = match AccountName::new(name) {
            Ok(name) => accounts::find(&mut *self.store.read_few().await?, &name).await?,
            Err(_) => None,
        };
        let account = account.filter(|account| (account.role == Role::Player.as_str()) == (step == Step::Play));
        let known = self.known(account.as_ref(), client).await?;
        let counted = self.admit(step, client, known, name)?;
        let stored = account.as_ref().map(|account| account.password.clone());
        let queue = match (step, known) {
            (Step::Play, Some(_)) => Queue::KnownPlayers,
            (Step::Play, None) => Queue::Players,
            (_, Some(_)) => Queue::Known,
            (_, None) => Queue::Strangers,
        };
        let fits = self.passwords.verify(password, stored, queue).await;
        let account = fits.and_then(|fits| {
            account.filter(|account| fits && account.enabled).ok_or_else(|| {
                tracing::warn!(from = ?client.address, "a password was refused");
                WRONG_PASSWORD
            })
        });
        self.throttle.settle(counted, account).map(|account| Checked { account, known })
    }

    /// Counts a guess at this name. A known browser has a count of its own, so that it gets in after others have used
    /// up the count of its address; when its own count is used up, the address's applies.
    pub(super) fn admit(
        &self,
        step: Step,
        client: &Client,
        known: Option<Digest>,
        name: &str,
    ) -> Result<Counted, CoreError> {
        let now = self.clock.instant();
        let guesses = guesses(step, name, known);
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
fn guesses(step: Step, name: &str, known: Option<Digest>) -> Key {
    let name = || Digest::of(name.trim().to_lowercase().as_bytes());
    match (known, step) {
        (Some(device), _) => Key::KnownGuesses(device),
        (None, Step::Play) => Key::PlayGuesses(name()),
        (None, _) => Key::Guesses(name()),
    }
}
