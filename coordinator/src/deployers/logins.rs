//! Logins: an access token for requests, and a refresh token that is replaced by each use.
//!
//! Both have the form of a JWT, as clients expect; what counts is the row of the login, so that a login ends with its account,
//! its password or its role, and not when the token would expire.

use super::jwt::Claims;
use super::{Deployer, DeployerRole, Deployers};
use crate::CoreError;
use crate::accounts::check::Checked;
use crate::accounts::{Client, Role};
use crate::secrets::random_hex;
use crate::store::accounts::{self, Account};
use crate::store::players::logins::{self, Tokens};
use crate::store::{self, Connection, deployers, players};
use challengectl_common::{Digest, Timestamp};
use std::sync::Arc;
use std::time::Duration;

/// Logins of one account at a time; the oldest ends when there are more.
const MAX_LOGINS: u32 = 100;
/// The zone of accounts of the event that were not made here.
const MAIN_ZONE: &str = "main";
/// The kind of refresh tokens.
const REFRESH: &str = "refresh";

const REFUSED: CoreError =
    CoreError::Credentials("the refresh_token is unknown, expired or was used before; log in again");

/// How long tokens are valid.
#[derive(Debug, Clone, Copy)]
pub struct Lives {
    /// For requests.
    pub access: Duration,
    /// For new tokens.
    pub refresh: Duration,
}

impl Default for Lives {
    fn default() -> Self {
        Self { access: Duration::from_secs(15 * 60), refresh: Duration::from_secs(7 * 86_400) }
    }
}

/// The tokens of a login, shown once.
#[derive(Debug)]
pub struct DeployerTokens {
    /// For requests.
    pub access: String,
    /// For new tokens, once.
    pub refresh: String,
}

impl Deployers {
    /// Verifies a password, with the code of an account that has a second factor, and begins a login.
    ///
    /// # Errors
    /// [`CoreError::Credentials`], the same whatever is wrong; [`CoreError::TooMany`].
    pub async fn log_in(
        self: &Arc<Self>,
        name: &str,
        password: String,
        code: Option<String>,
        client: &Client,
    ) -> Result<DeployerTokens, CoreError> {
        let (checked, counted) = self.accounts.check_deployer(name, password, code.as_deref(), client).await?;
        let (this, client) = (Arc::clone(self), client.clone());
        let entered = async move { this.enter(checked, code.as_deref(), &client).await };
        let entered = self.context.run_to_completion(entered).await;
        self.accounts.settle_deployer(counted, entered)
    }

    async fn enter(&self, checked: Checked, code: Option<&str>, client: &Client) -> Result<DeployerTokens, CoreError> {
        let now = self.context.clock.now();
        let mut transaction = self.context.store.write_for_players().await?;
        checked.is_still(&mut transaction).await?;
        let account = checked.account;
        self.accounts.use_code_of(&mut transaction, &account, code).await?;
        let deployer = admit(&mut transaction, &account).await?;
        let family = random_hex::<16>();
        let (shown, stored) = self.draw(&deployer, &family, now);
        let from_address = client.address.map(|address| address.to_string());
        let digest = Digest::of(family.as_bytes());
        logins::insert(&mut transaction, account.id, digest, stored, now, from_address.as_deref()).await?;
        logins::trim(&mut transaction, account.id, MAX_LOGINS, now).await?;
        accounts::logged_in(&mut transaction, account.id, now).await?;
        store::commit(transaction).await?;
        Ok(shown)
    }

    /// Makes tokens. The id of a refresh token is `FAMILY.SECRET`: by the family one that was used before is recognised.
    fn draw(&self, deployer: &Deployer, family: &str, now: Timestamp) -> (DeployerTokens, Tokens) {
        let lives = self.settings.lives;
        let (access_until, expires_at) = (now.after(lives.access), now.after(lives.refresh));
        let sign = |jti: String, until: Timestamp, kind: &str| {
            let (exp, iat) = (until.as_millis() / 1000, now.as_millis() / 1000);
            self.key.sign(&Claims { sub: deployer.key.clone(), exp, iat, jti, kind: kind.to_owned() })
        };
        let access = sign(random_hex::<16>(), access_until, "access");
        let refresh = sign(format!("{family}.{}", random_hex::<16>()), expires_at, REFRESH);
        let (access_digest, refresh_digest) = (Digest::of(access.as_bytes()), Digest::of(refresh.as_bytes()));
        let stored = Tokens { access: access_digest, access_until, refresh: refresh_digest, expires_at };
        (DeployerTokens { access, refresh }, stored)
    }

    /// Replaces the tokens of a login. A token that was used before ends the login: either its owner or a thief has the
    /// newer one, and nobody can tell which.
    ///
    /// # Errors
    /// [`CoreError::Credentials`].
    pub async fn refresh(self: &Arc<Self>, token: &str) -> Result<DeployerTokens, CoreError> {
        let claims = self.key.read(token).filter(|claims| claims.kind == REFRESH).ok_or(REFUSED)?;
        let (family, _) = claims.jti.split_once('.').ok_or(REFUSED)?;
        let family = family.to_owned();
        let (this, shown) = (Arc::clone(self), Digest::of(token.as_bytes()));
        self.context.run_to_completion(async move { this.rotate(&family, shown).await }).await
    }

    async fn rotate(&self, family: &str, shown: Digest) -> Result<DeployerTokens, CoreError> {
        let now = self.context.clock.now();
        let mut transaction = self.context.store.write_for_players().await?;
        let login = logins::of_family(&mut transaction, Digest::of(family.as_bytes())).await?.ok_or(REFUSED)?;
        if login.refresh != shown || login.expires_at <= now {
            logins::delete(&mut transaction, login.id).await?;
            store::commit(transaction).await?;
            tracing::warn!(account = login.account_id, "a refresh token was refused; its login has ended");
            return Err(REFUSED);
        }
        let deployer = deployers::of_account(&mut transaction, login.account_id).await?;
        let deployer = deployer.filter(|deployer| deployer.active).ok_or(REFUSED)?;
        let (shown, stored) = self.draw(&deployer, family, now);
        logins::rotate(&mut transaction, login.id, stored, now).await?;
        store::commit(transaction).await?;
        Ok(shown)
    }

    /// Returns who an access token is of; `None` if it is invalid, or its owner inactive.
    pub async fn by_token(&self, token: &str) -> Result<Option<Deployer>, CoreError> {
        if self.key.read(token).is_none() {
            return Ok(None);
        }
        let (digest, now) = (Digest::of(token.as_bytes()), self.context.clock.now());
        let found = deployers::of_access(&mut *self.context.store.read_for_players().await?, digest, now).await?;
        Ok(found)
    }
}

/// Returns what an account is here. One of the event that was not made here gets its row: those who set up the event are
/// masters, all others users.
async fn admit(transaction: &mut Connection, account: &Account) -> Result<Deployer, CoreError> {
    let is_admin = [Role::Admin, Role::Master].iter().any(|role| role.as_str() == account.role);
    let role = if is_admin { DeployerRole::Master } else { DeployerRole::User };
    let is_banned = players::get(transaction, account.id).await?.is_some_and(|player| player.banned);
    if is_banned {
        return Err(CoreError::Forbidden("this account is excluded from the event; ask the organisers".to_owned()));
    }
    match deployers::of_account(transaction, account.id).await? {
        Some(known) if known.is_own || known.role == role => Ok(known),
        Some(known) => {
            // Its role in the event has changed.
            let known = Deployer { role, ..known };
            deployers::update(transaction, &known).await?;
            Ok(known)
        }
        None => {
            let deployer = Deployer {
                account_id: account.id,
                key: random_hex::<12>(),
                name: account.name.clone(),
                email: None,
                zone: MAIN_ZONE.to_owned(),
                role,
                active: true,
                team: None,
                slot: None,
                is_own: false,
            };
            deployers::insert(transaction, &deployer).await?;
            Ok(deployer)
        }
    }
}
