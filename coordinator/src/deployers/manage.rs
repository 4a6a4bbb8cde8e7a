//! Who manages whom: masters everybody, admins the users of their zone, and nobody their own role.

use super::register::refuse_email;
use super::{Deployer, DeployerRole, Deployers};
use crate::CoreError;
use crate::audit::Actor;
use crate::store::players::logins;
use crate::store::{Connection, accounts, deployers};
use std::sync::Arc;

/// What changes of a deployer; `None`: it stays.
#[derive(Debug, Clone, Default)]
pub struct DeployerChange {
    /// The email.
    pub email: Option<String>,
    /// The role.
    pub role: Option<DeployerRole>,
    /// Whether the account is enabled.
    pub active: Option<bool>,
    /// The zone.
    pub zone: Option<String>,
    /// The number of the team.
    pub team: Option<Option<u32>>,
}

impl Deployers {
    /// Returns those that a manager sees: a master all, an admin those of its zone.
    ///
    /// # Errors
    /// [`CoreError::Forbidden`] for users.
    pub async fn all(&self, by: &Deployer) -> Result<Vec<Deployer>, CoreError> {
        let zone = match by.role {
            DeployerRole::Master => None,
            DeployerRole::Admin => Some(by.zone.as_str()),
            DeployerRole::User => return Err(forbidden("Only Admin and Master users can list users")),
        };
        Ok(deployers::all(&mut *self.context.store.read().await?, zone).await?)
    }

    /// Returns one: users see themselves, and are not told which others there are.
    ///
    /// # Errors
    /// [`CoreError::NotFound`], [`CoreError::Forbidden`].
    pub async fn one(&self, by: &Deployer, key: &str) -> Result<Deployer, CoreError> {
        find(&mut *self.context.store.read_for_players().await?, by, key).await
    }

    /// Changes one. Another role, and an account that is switched off, end its logins.
    ///
    /// # Errors
    /// [`CoreError::NotFound`], [`CoreError::Forbidden`]; [`CoreError::Conflict`] when the email is taken, or there would be
    /// no active master.
    pub async fn change(
        self: &Arc<Self>,
        by: &Deployer,
        key: String,
        change: DeployerChange,
        actor: Actor,
    ) -> Result<Deployer, CoreError> {
        let account = by.account_id;
        self.context
            .quiet_command(actor, "deployer.update", move |mut command| async move {
                // Time has passed since the manager was authorised.
                let by = deployers::of_account(&mut command, account).await?.filter(|by| by.active);
                let by = by.ok_or_else(|| forbidden("your account was switched off"))?;
                let before = find(&mut command, &by, &key).await?;
                may_change(&by, &before, &change)?;
                let after = Deployer {
                    email: change.email.clone().or_else(|| before.email.clone()),
                    role: change.role.unwrap_or(before.role),
                    active: change.active.unwrap_or(before.active),
                    zone: change.zone.clone().unwrap_or_else(|| before.zone.clone()),
                    team: change.team.unwrap_or(before.team),
                    ..before.clone()
                };
                if let Some(email) = &change.email {
                    refuse_email(&mut command, email, before.account_id).await?;
                }
                deployers::update(&mut command, &after).await?;
                accounts::set_enabled(&mut command, before.account_id, after.active).await?;
                let was_master = before.role == DeployerRole::Master && before.active;
                if was_master && deployers::active_masters(&mut command).await? == 0 {
                    return Err(CoreError::Conflict(
                        "this is the last active Master; make another one first".to_owned(),
                    ));
                }
                if after.role != before.role || !after.active {
                    logins::end_of_account(&mut command, before.account_id, None).await?;
                }
                let details = format!("role {}, zone {}, active {}", after.role.as_str(), after.zone, after.active);
                Ok(command.commit(before.name.as_str(), Some(&details)).await?.with(after))
            })
            .await
    }
}

async fn find(connection: &mut Connection, by: &Deployer, key: &str) -> Result<Deployer, CoreError> {
    let found = deployers::find(connection, key).await?;
    let is_seen = |it: &Deployer| match by.role {
        DeployerRole::Master => true,
        DeployerRole::Admin => it.zone == by.zone,
        DeployerRole::User => it.account_id == by.account_id,
    };
    match found {
        Some(found) if is_seen(&found) => Ok(found),
        None if by.role == DeployerRole::Master => Err(CoreError::NotFound("user with this id".to_owned())),
        // The same for those that do not exist.
        _ if by.role == DeployerRole::Admin => Err(forbidden("Admins see the users of their own zone only")),
        _ => Err(forbidden("Users see themselves only")),
    }
}

fn may_change(by: &Deployer, it: &Deployer, change: &DeployerChange) -> Result<(), CoreError> {
    let is_self = by.account_id == it.account_id;
    if by.role == DeployerRole::User {
        return Err(forbidden("Only Admin and Master users can change users"));
    }
    if is_self && change.role.is_some_and(|role| role != it.role) {
        return Err(forbidden("nobody changes their own role"));
    }
    let is_of_event = change.role.is_some_and(|role| role != it.role)
        || change.active.is_some_and(|active| active != it.active)
        || change.email.is_some();
    if !it.is_own && is_of_event {
        return Err(forbidden("this account was not made here; it is managed where people who run the event are"));
    }
    if by.role == DeployerRole::Master {
        return Ok(());
    }
    if !is_self && it.role != DeployerRole::User {
        return Err(forbidden("Admins change Users only"));
    }
    if change.role.is_some_and(|role| role != it.role) {
        return Err(forbidden("Only Master users can give roles"));
    }
    if change.zone.as_ref().is_some_and(|zone| *zone != it.zone) {
        return Err(forbidden("Admins cannot change zones"));
    }
    if change.team.is_some_and(|team| team != it.team) {
        return Err(forbidden("Only Master users can give teams"));
    }
    Ok(())
}

fn forbidden(why: &str) -> CoreError {
    CoreError::Forbidden(why.to_owned())
}
