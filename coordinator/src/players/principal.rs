//! Who plays: the person that a credential names, and the owner of what this person starts.

use super::logins::ACCESS;
use super::tokens::PERSONAL;
use super::{Mode, Players, Team};
use crate::audit::Actor;
use crate::session::Owner;
use crate::store::players;
use crate::{CoreError, Person};
use challengectl_common::{AccountName, Digest};
use std::net::IpAddr;

/// A person who plays.
#[derive(Debug, Clone)]
pub struct Player {
    /// The name of the account.
    pub name: AccountName,
    /// The team; `None` for players without one, and for people who run the event.
    pub team: Option<Team>,
    /// The address that the request came from.
    pub address: Option<IpAddr>,
    pub(super) account_id: i64,
    pub(super) credential: Credential,
}

/// How a person has shown who they are.
#[derive(Debug, Clone, Copy)]
pub(super) enum Credential {
    /// By the access token of this login.
    Login(i64),
    /// By a personal token.
    PersonalToken,
    /// By the login of somebody who runs the event.
    Staff,
}

impl Player {
    /// Returns somebody who runs the event, and plays to try it.
    #[must_use]
    pub fn staff(person: &Person) -> Self {
        let (name, address, account_id) = (person.name.clone(), person.address, person.account_id);
        Self { name, team: None, address, account_id, credential: Credential::Staff }
    }

    /// Returns the account's id, by which requests of one person are counted.
    #[must_use]
    pub fn account_id(&self) -> i64 {
        self.account_id
    }

    /// Returns whether both are the same person.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.account_id == other.account_id
    }

    /// Returns the person as an actor of the audit log.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor::new(self.name.as_str(), self.address)
    }

    /// Returns the login that the request was made with.
    pub(super) fn login(&self) -> Result<i64, CoreError> {
        match self.credential {
            Credential::Login(login) => Ok(login),
            _ => Err(CoreError::Forbidden(
                "this requires the access token of a login; a personal token is for playing".to_owned(),
            )),
        }
    }
}

impl Players {
    /// Returns the player of an access token or a personal token; `None` if it is invalid, or its owner may not play.
    pub async fn by_token(&self, token: &str, address: Option<IpAddr>) -> Result<Option<Player>, CoreError> {
        let (digest, now) = (Digest::of(token.as_bytes()), self.context.clock.now());
        let mut connection = self.context.store.read_for_players().await?;
        // The beginning says where to look, so that each request costs one look-up.
        let found = if token.starts_with(ACCESS) {
            let found = players::of_access(&mut connection, digest, now).await?;
            found.map(|(player, login)| (player, Credential::Login(login)))
        } else if token.starts_with(PERSONAL) {
            let found = players::of_personal(&mut connection, digest, now).await?;
            found.map(|player| (player, Credential::PersonalToken))
        } else {
            None
        };
        // A ban also deletes the tokens; this holds for what changes the database beside the server too.
        let found = found.filter(|(player, _)| player.active && !player.banned);
        Ok(found.map(|(player, credential)| {
            let (name, team, account_id) = (player.name, player.team, player.account_id);
            Player { name, team, address, account_id, credential }
        }))
    }

    /// Returns the owner of what a player starts and solves.
    ///
    /// # Errors
    /// [`CoreError::Forbidden`] when the player is in no team, or in one that does not take part.
    pub fn owner(&self, player: &Player) -> Result<Owner, CoreError> {
        let own = || Ok(Owner::account(player.account_id));
        match (self.settings.mode, player.credential) {
            (Mode::Users, _) | (Mode::Teams, Credential::Staff) => return own(),
            (Mode::Teams, _) => {}
        }
        let refuse = |reason: &str| Err(CoreError::Forbidden(reason.to_owned()));
        match &player.team {
            None => refuse("you are in no team; make one, or join one with its code"),
            Some(team) if team.banned => refuse("your team is excluded from the event; ask the organisers"),
            Some(team) if !team.active => refuse("your team does not take part now; ask the organisers"),
            Some(team) => Ok(Owner::team(team.id)),
        }
    }
}
