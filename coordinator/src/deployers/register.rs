//! Registering, and the first master.

use super::{Deployer, DeployerRole, Deployers};
use crate::accounts::{Client, Role};
use crate::audit::Actor;
use crate::context::command::{Command, Done};
use crate::secrets::random_hex;
use crate::store::accounts::{self, NewAccount};
use crate::store::{Connection, Store, deployers};
use crate::{Accounts, CoreError};
use challengectl_common::{AccountName, Timestamp};
use std::sync::Arc;

/// Somebody who registers.
#[derive(Debug)]
pub struct NewDeployer {
    /// The name, unique whatever its capitals.
    pub name: AccountName,
    /// Unique, whatever its capitals.
    pub email: String,
    /// The password.
    pub password: String,
    /// The zone.
    pub zone: String,
    /// Whether the request comes from this machine, directly.
    pub is_local: bool,
    /// The token that was printed when the server was started.
    pub setup_token: Option<String>,
}

/// The role of a new account.
#[derive(Debug, Clone, Copy)]
enum Becomes {
    User,
    /// A master, unless there is one.
    FirstMaster,
    Master,
}

/// Makes a master by the command line, also while a server runs.
///
/// # Errors
/// [`CoreError::Conflict`] when the name or the email is taken.
pub async fn add_master(store: &Store, accounts: &Accounts, new: NewDeployer) -> Result<Deployer, CoreError> {
    let password = accounts.hash_for_deployer(new.password.clone()).await?;
    let (transaction, now) = (store.write().await?, Timestamp::now());
    let command = Command::new(transaction, Actor::command_line(), "deployer.register", now);
    Ok(add(command, &new, &password, Becomes::Master).await?.outcome())
}

/// Returns whether a text is an email, as far as that can be checked without sending one.
#[must_use]
pub fn is_email(text: &str) -> bool {
    let is_plain = text.len() <= 254 && !text.chars().any(|c| c.is_whitespace() || c.is_control());
    let parts = text.split_once('@').filter(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('@'));
    is_plain && parts.is_some()
}

/// Returns whether a text is the name of a zone.
#[must_use]
pub fn is_zone(text: &str) -> bool {
    (2..=50).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

impl Deployers {
    /// Makes an account. It is a user, but for the first master: while there is no master, not even an inactive one, an
    /// account of a name in the settings becomes one, if it is made on this machine or with the setup token. Both are decided
    /// in the transaction that adds it, so that of two only one is.
    ///
    /// # Errors
    /// [`CoreError::Invalid`]; [`CoreError::Conflict`] when the name or the email is taken.
    pub async fn register(self: &Arc<Self>, new: NewDeployer, client: &Client) -> Result<Deployer, CoreError> {
        let password = self.accounts.hash_for_deployer(new.password.clone()).await?;
        let actor = Actor::new(new.name.as_str(), client.address);
        let becomes = if self.may_be_first_master(&new) { Becomes::FirstMaster } else { Becomes::User };
        self.insert(actor, new, password, becomes).await
    }

    /// Makes the first master, as the environment of the server says, unless there is one.
    ///
    /// # Errors
    /// [`CoreError::Invalid`]; [`CoreError::Conflict`] when the name or the email is taken.
    pub async fn make_first_master(self: &Arc<Self>, new: NewDeployer) -> Result<bool, CoreError> {
        if deployers::has_master(&mut *self.context.store.read_for_players().await?).await? {
            return Ok(false);
        }
        let password = self.accounts.hash_for_deployer(new.password.clone()).await?;
        Ok(self.insert(Actor::command_line(), new, password, Becomes::FirstMaster).await?.role == DeployerRole::Master)
    }

    async fn insert(
        &self,
        actor: Actor,
        new: NewDeployer,
        password: String,
        becomes: Becomes,
    ) -> Result<Deployer, CoreError> {
        let add = move |command| async move { add(command, &new, &password, becomes).await };
        self.context.quiet_command(actor, "deployer.register", add).await
    }

    fn may_be_first_master(&self, new: &NewDeployer) -> bool {
        let is_named = self.settings.bootstrap_masters.iter().any(|name| name.eq_ignore_ascii_case(new.name.as_str()));
        is_named && (new.is_local || new.setup_token.as_deref().is_some_and(|token| self.is_setup_token(token)))
    }
}

async fn add(
    mut command: Command,
    new: &NewDeployer,
    password: &str,
    becomes: Becomes,
) -> Result<Done<Deployer>, CoreError> {
    refuse_email(&mut command, &new.email, 0).await?;
    let role = match becomes {
        Becomes::Master => DeployerRole::Master,
        Becomes::FirstMaster if !deployers::has_master(&mut command).await? => DeployerRole::Master,
        Becomes::FirstMaster | Becomes::User => DeployerRole::User,
    };
    // The role of players has no right to anything elsewhere, and without a row among them it does not play either.
    let account =
        NewAccount { name: &new.name, role: Role::Player.as_str(), password, totp_secret: &[], made_by: None };
    let now = command.now();
    let taken = || CoreError::Conflict(format!("username: there is a user {} already; choose another", new.name));
    let account_id = accounts::insert(&mut command, account, now).await?.ok_or_else(taken)?;
    let deployer = Deployer {
        account_id,
        key: random_hex::<12>(),
        name: new.name.clone(),
        email: Some(new.email.clone()),
        zone: new.zone.clone(),
        role,
        active: true,
        team: None,
        slot: None,
        is_own: true,
    };
    deployers::insert(&mut command, &deployer).await?;
    let done = command.commit(new.name.as_str(), Some(role.as_str())).await?;
    Ok(done.with(deployer))
}

/// Refuses an email that another account has.
pub(super) async fn refuse_email(connection: &mut Connection, email: &str, account: i64) -> Result<(), CoreError> {
    if deployers::is_email_taken(connection, email, account).await? {
        return Err(CoreError::Conflict("email: another user has it".to_owned()));
    }
    Ok(())
}
