//! Deployers: accounts with a role where challenges are deployed, their logins, and who manages whom.
//!
//! The accounts are those of the event. The role is of this part alone: a master made here, who has no second factor, has no
//! right anywhere else.

mod jwt;
mod logins;
mod manage;
mod register;

pub use crate::store::deployers::{Deployer, DeployerRole};
pub use logins::{DeployerTokens, Lives};
pub use manage::DeployerChange;
pub use register::{NewDeployer, add_master, is_email, is_zone};

use crate::audit::Actor;
use crate::context::Context;
use crate::secrets::random_hex;
use crate::store::deployers;
use crate::{Accounts, CoreError};
use challengectl_common::Digest;
use jwt::Key;
use std::net::IpAddr;
use std::sync::Arc;

/// How people become deployers.
#[derive(Debug, Clone, Default)]
pub struct DeployerSettings {
    /// The names of which the first that registers becomes a master.
    pub bootstrap_masters: Vec<String>,
    /// How long tokens are valid.
    pub lives: Lives,
}

/// The accounts that deploy.
#[derive(Debug)]
pub struct Deployers {
    context: Arc<Context>,
    accounts: Arc<Accounts>,
    settings: DeployerSettings,
    /// Signs their tokens.
    key: Key,
    /// Makes the first master from another machine. Valid until the server ends.
    setup_token: String,
}

impl Deployers {
    /// Makes the component, on the database of the context.
    #[must_use]
    pub fn new(context: Arc<Context>, accounts: Arc<Accounts>, settings: DeployerSettings) -> Arc<Self> {
        let key = Key::new(accounts.derive("tokens of deployers"));
        Arc::new(Self { context, accounts, settings, key, setup_token: format!("setup_{}", random_hex::<32>()) })
    }

    /// Returns the token with which the first master registers; `None` if there is one.
    pub async fn setup_token(&self) -> Result<Option<&str>, CoreError> {
        let has_master = deployers::has_master(&mut *self.context.store.read_for_players().await?).await?;
        Ok((!has_master).then_some(self.setup_token.as_str()))
    }

    fn is_setup_token(&self, given: &str) -> bool {
        // Digests are compared, so that the time says nothing about the token.
        Digest::of(given.as_bytes()) == Digest::of(self.setup_token.as_bytes())
    }
}

impl Deployer {
    /// Returns it as the one who does something, from an address.
    #[must_use]
    pub fn actor(&self, address: Option<IpAddr>) -> Actor {
        Actor::new(self.name.as_str(), address)
    }
}
