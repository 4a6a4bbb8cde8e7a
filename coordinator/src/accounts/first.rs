//! The first account. There is no default password: anyone who can read the server's output, where the setup token is
//! printed, may make the first account.

use super::client::Client;
use super::login::purpose;
use super::passwords::Queue;
use super::{Accounts, Role, TotpSetup, factor};
use crate::CoreError;
use crate::audit::{self, Actor};
use crate::secrets::random_hex;
use crate::store;
use crate::store::accounts::NewAccount;
use crate::store::accounts::{self, logins, setup};
use crate::throttle::Step;
use challengectl_common::{AccountName, Digest};

/// The first account, which becomes valid with its first code.
#[derive(Debug)]
pub struct FirstAccount {
    /// The secret for the authenticator.
    pub totp: TotpSetup,
    /// The token that goes with the first code, as after the password of a login.
    pub temp_token: String,
}

impl Accounts {
    /// Makes the setup token, which replaces any earlier one; `None` when there are accounts.
    pub async fn open_setup(&self) -> Result<Option<String>, CoreError> {
        let mut transaction = self.store.write().await?;
        if !setup::is_needed(&mut transaction).await? {
            setup::close(&mut transaction).await?;
            store::commit(transaction).await?;
            return Ok(None);
        }
        let token = format!("setup_{}", random_hex::<32>());
        setup::open(&mut transaction, Digest::of(token.as_bytes()), self.clock.now()).await?;
        store::commit(transaction).await?;
        Ok(Some(token))
    }

    /// Returns whether there is no account yet, so that the setup token makes the first one.
    pub async fn needs_setup(&self) -> Result<bool, CoreError> {
        Ok(setup::is_needed(&mut *self.store.read().await?).await?)
    }

    /// Makes the first account. Until its first code is verified, another call replaces it.
    ///
    /// # Errors
    /// [`CoreError::Credentials`] when the token is invalid, [`CoreError::Conflict`] when there are accounts.
    pub async fn set_up(
        &self,
        token: &str,
        name: &AccountName,
        password: String,
        client: &Client,
    ) -> Result<FirstAccount, CoreError> {
        self.count_request(Step::Setup, client)?;
        let digest = Digest::of(token.as_bytes());
        let refused = CoreError::Credentials("the setup_token is wrong, used or replaced by a later one");
        if !setup::is_open(&mut *self.store.read().await?, digest).await? {
            return Err(refused);
        }
        let password = self.passwords.hash(password, Queue::Known).await?;
        let (secret, totp) = factor::new_secret(name)?;
        let sealed = self.vault.seal(&secret, &purpose(name))?;
        let now = self.clock.now();

        let mut transaction = self.store.write().await?;
        if !setup::is_open(&mut transaction, digest).await? {
            return Err(refused);
        }
        if !setup::is_needed(&mut transaction).await? {
            return Err(CoreError::Conflict("there are accounts already; ask an admin for one".to_owned()));
        }
        setup::discard(&mut transaction).await?;
        let role = Role::Master.as_str();
        let account = NewAccount { name, role, password: &password, totp_secret: &sealed, made_by: None };
        let id = accounts::insert(&mut transaction, account, now).await?;
        let id = id.ok_or_else(|| CoreError::Conflict(format!("there is a user {name} already")))?;
        setup::made(&mut transaction, id).await?;
        let temp_token = format!("temp_{}", random_hex::<32>());
        logins::insert(&mut transaction, Digest::of(temp_token.as_bytes()), id, false, now).await?;
        let actor = Actor::new("(setup)", client.address);
        audit::record(&mut transaction, &actor, "user.create", name.as_str(), Some(Role::Master.as_str()), now).await?;
        store::commit(transaction).await?;
        Ok(FirstAccount { totp, temp_token })
    }
}
