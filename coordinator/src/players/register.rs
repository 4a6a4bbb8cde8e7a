//! Registration.

use super::logins::Registered;
use super::{Players, Registration};
use crate::CoreError;
use crate::accounts::client::remember;
use crate::accounts::{Client, Role};
use crate::audit::Actor;
use crate::context::command::{Command, Done};
use crate::store::accounts::{self, NewAccount};
use crate::store::players;
use challengectl_common::{AccountName, Digest};
use std::sync::Arc;

impl Players {
    /// Makes an account, and logs it in.
    ///
    /// # Errors
    /// [`CoreError::Forbidden`] when registration is closed, [`CoreError::Credentials`] when the code is wrong,
    /// [`CoreError::Conflict`] when the name is taken.
    pub async fn register(
        self: &Arc<Self>,
        name: AccountName,
        password: String,
        code: Option<&str>,
        client: &Client,
    ) -> Result<Registered, CoreError> {
        self.may_register(code)?;
        let password = self.accounts.hash_for_player(password).await?;
        let (actor, client) = (Actor::new(name.as_str(), client.address), client.clone());
        let this = Arc::clone(self);
        self.context
            .quiet_command(actor, "player.register", move |command| async move {
                this.add(command, &name, &password, &client).await
            })
            .await
    }

    fn may_register(&self, code: Option<&str>) -> Result<(), CoreError> {
        // Digests are compared, so that the time says nothing about the code.
        let given = code.map(|code| Digest::of(code.trim().as_bytes()));
        match self.settings.registration {
            Registration::Open => Ok(()),
            Registration::Closed => Err(CoreError::Forbidden("registration is closed; ask the organisers".to_owned())),
            Registration::Code(digest) if given == Some(digest) => Ok(()),
            Registration::Code(_) => {
                Err(CoreError::Credentials("registration_code: is missing or wrong; the organisers have it"))
            }
        }
    }

    async fn add(
        &self,
        mut command: Command,
        name: &AccountName,
        password: &str,
        client: &Client,
    ) -> Result<Done<Registered>, CoreError> {
        let now = command.now();
        // A player has no second factor: it is for accounts that can change the event.
        let new = NewAccount { name, role: Role::Player.as_str(), password, totp_secret: &[], made_by: None };
        let taken = || CoreError::Conflict(format!("username: there is a user {name} already; choose another"));
        let id = accounts::insert(&mut command, new, now).await?.ok_or_else(taken)?;
        players::insert(&mut command, id).await?;
        let tokens = self.begin_login(&mut command, id, client.address, now).await?;
        let device = remember(&mut command, id, None, now).await?;
        let done = command.commit(name.as_str(), None).await?;
        Ok(done.with(Registered { name: name.clone(), team: None, tokens, device }))
    }
}
