//! Registering, and the first master.

use super::{Deployer, DeployerRole, Deployers};
use crate::CoreError;
use crate::accounts::{Client, Role};
use crate::audit::Actor;
use crate::context::command::{Command, Done};
use crate::secrets::random_hex;
use crate::store::accounts::{self, NewAccount};
use crate::store::{Connection, deployers};
use challengectl_common::AccountName;
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
        self.act(actor, "deployer.register", move |this, command| async move {
            let may_be_master = this.may_be_first_master(&new);
            this.add(command, &new, &password, may_be_master).await
        })
        .await
    }

    /// Makes the first master, as the environment of the server says, unless there is one.
    ///
    /// # Errors
    /// [`CoreError::Invalid`]; [`CoreError::Conflict`] when the name or the email is taken.
    pub async fn make_first_master(self: &Arc<Self>, new: NewDeployer) -> Result<bool, CoreError> {
        if deployers::has_master(&mut *self.context.store.read_few().await?).await? {
            return Ok(false);
        }
        let password = self.accounts.hash_for_deployer(new.password.clone()).await?;
        let made = self.act(Actor::command_line(), "deployer.register", move |this, command| async move {
            this.add(command, &new, &password, true).await
        });
        Ok(made.await?.role == DeployerRole::Master)
    }

    fn may_be_first_master(&self, new: &NewDeployer) -> bool {
        let is_named = self.settings.bootstrap_masters.iter().any(|name| name.eq_ignore_ascii_case(new.name.as_str()));
        is_named && (new.is_local || new.setup_token.as_deref().is_some_and(|token| self.is_setup_token(token)))
    }

    async fn add(
        &self,
        mut command: Command,
        new: &NewDeployer,
        password: &str,
        may_be_master: bool,
    ) -> Result<Done<Deployer>, CoreError> {
        refuse_email(&mut command, &new.email, 0).await?;
        let is_master = may_be_master && !deployers::has_master(&mut command).await?;
        let role = if is_master { DeployerRole::Master } else { DeployerRole::User };
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
            is_own: true,
        };
        deployers::insert(&mut command, &deployer).await?;
        let done = command.commit(new.name.as_str(), Some(role.as_str())).await?;
        Ok(done.with(deployer))
    }
}

/// Refuses an email that another account has.
pub(super) async fn refuse_email(connection: &mut Connection, email: &str, account: i64) -> Result<(), CoreError> {
    if deployers::is_email_taken(connection, email, account).await? {
        return Err(CoreError::Conflict("email: another user has it".to_owned()));
    }
    Ok(())
}
