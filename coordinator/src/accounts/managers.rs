//! Who may manage which accounts: an admin manages accounts with lower roles, and accounts that they have made
//! themselves until these are first used. Nobody can give a role that they could not manage afterwards, or change their
//! own account in ways that a thief of the login would. The last admin stays.

use super::changes::Changes;
use super::{Person, Role, role_of};
use crate::CoreError;
use crate::audit::{self, Actor};
use crate::store::Transaction;
use crate::store::accounts::{self, Account};
use challengectl_common::{AccountName, Digest, Timestamp};
use std::time::Duration;

/// How long after a login a person may replace their own password or secret without giving the old one: the thief of a
/// login does not have the password.
const RENEWAL_PERIOD: Duration = Duration::from_secs(15 * 60);

/// The manager of accounts.
#[derive(Debug, Clone, Copy)]
pub enum Manager<'a> {
    /// A person who is logged in and is an admin.
    Person(&'a Person),
    /// A person at the server's host, who could change the database anyway.
    CommandLine,
}

impl Manager<'_> {
    pub(super) fn may_give(&self, role: Role) -> Result<(), CoreError> {
        match self {
            _ if role == Role::Player => Err(CoreError::Invalid(
                "role: players register themselves, at POST /api/play/register; give viewer, operator, admin or master"
                    .to_owned(),
            )),
            Self::Person(person) if role >= person.role => Err(CoreError::Forbidden(format!(
                "you could not manage an account with the role {role}, which is not below yours; `challengectl-server \
                 user` at the server's host can give it"
            ))),
            _ => Ok(()),
        }
    }

    fn is(&self, account: &Account) -> bool {
        matches!(self, Self::Person(person) if person.account_id == account.id)
    }

    /// Returns the account of the manager; `None` for the command line.
    pub(super) fn account_id(&self) -> Option<i64> {
        match self {
            Self::Person(person) => Some(person.account_id),
            Self::CommandLine => None,
        }
    }

    /// Returns the login through which a person changes their own account; it is not ended by the change.
    pub(super) fn own_login(&self, account: &Account) -> Option<Digest> {
        match self {
            Self::Person(person) if self.is(account) => Some(person.login),
            _ => None,
        }
    }

    pub(super) fn may_touch(&self, account: &Account) -> Result<(), CoreError> {
        let Self::Person(person) = self else { return Ok(()) };
        if self.is(account) {
            return Err(CoreError::Forbidden("you cannot change or remove your own account this way".to_owned()));
        }
        let role = role_of(account)?;
        // An unused account that was given a higher role by another admin stays out of reach: it would be a way up.
        let is_unused =
            account.made_by == Some(person.account_id) && account.last_login.is_none() && role <= person.role;
        if role >= person.role && !is_unused {
            return Err(CoreError::Forbidden(format!("{} has a role that is not below yours", account.name)));
        }
        Ok(())
    }

    pub(super) fn may_change(&self, account: &Account, changes: &Changes) -> Result<(), CoreError> {
        if self.is(account) && changes.role.is_none() && changes.enabled.is_none() {
            return Ok(());
        }
        self.may_touch(account)?;
        changes.role.map_or(Ok(()), |role| self.may_give(role))
    }

    /// Checks that the manager may replace password and secret of the account.
    pub(super) fn may_renew(&self, account: &Account, now: Timestamp) -> Result<(), CoreError> {
        match self {
            Self::Person(person) if self.is(account) && now.since(person.since) > RENEWAL_PERIOD => {
                Err(CoreError::Forbidden("log in again first, since your login is older than 15 minutes".to_owned()))
            }
            _ if self.is(account) => Ok(()),
            _ => self.may_touch(account),
        }
    }

    pub(super) async fn record(
        &self,
        transaction: &mut Transaction,
        what: &str,
        target: &AccountName,
        details: Option<&str>,
        now: Timestamp,
    ) -> Result<(), CoreError> {
        let actor = match self {
            Self::Person(person) => person.actor(),
            Self::CommandLine => Actor::command_line(),
        };
        audit::record(transaction, &actor, what, target.as_str(), details, now).await
    }
}

/// Refuses a change after which no admin could log in, if one could before.
pub async fn keep_an_admin(transaction: &mut Transaction, before: &Account) -> Result<(), CoreError> {
    if !manages(before) || accounts::all(transaction).await?.iter().any(manages) {
        return Ok(());
    }
    Err(CoreError::Conflict(format!("{} is the last admin who can log in", before.name)))
}

fn manages(account: &Account) -> bool {
    account.enabled && account.totp_confirmed && role_of(account).is_ok_and(|role| role >= Role::Admin)
}
