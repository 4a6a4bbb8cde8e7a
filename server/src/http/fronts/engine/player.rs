//! Admission to this front: people with an account; and in open play any request from this machine, under any name.

use crate::http::Problem;
use crate::http::extract::admitted::admitted;
use crate::http::extract::anybody::Anybody;
use crate::http::extract::origin;
use crate::http::extract::player::of_all;
use crate::http::extract::this_machine::is_from_this_machine;
use crate::http::problem::Code;
use crate::http::state::{Component, State};
use actix_web::{FromRequest, HttpRequest};
use challengectl_common::AccountName;
use challengectl_coordinator::Players;
use challengectl_coordinator::audit::Actor;
use challengectl_coordinator::session::Owner;

/// Who plays.
#[derive(Debug)]
pub enum Player {
    /// Somebody without an account, at this machine.
    Anonymous,
    /// Somebody with an account.
    Account {
        /// The name of the account.
        name: AccountName,
        /// The team, or the account.
        owner: Owner,
    },
}

impl Player {
    /// Returns the owner of what is started under this name, which an account may leave out.
    pub fn owner(&self, user_id: Option<&str>) -> Result<Owner, Problem> {
        match (self, user_id) {
            (Self::Anonymous, user_id) => {
                let name = user_id.filter(|name| !name.trim().is_empty());
                let name = name.ok_or_else(|| Problem::invalid("user_id: is missing"))?;
                let refuse = || Problem::invalid("user_id: must have 1 to 128 characters, and no control characters");
                Owner::anonymous(name).ok_or_else(refuse)
            }
            (Self::Account { name, .. }, Some(user_id)) if !name.as_str().eq_ignore_ascii_case(user_id) => {
                let details = format!("user_id: the credential is that of {name}; give this name, or leave it out");
                Err(Problem::new(Code::Forbidden).because(details))
            }
            (Self::Account { owner, .. }, _) => Ok(owner.clone()),
        }
    }

    /// Returns whether this person may use the sessions of an owner. Without an account the id of a session is the key to
    /// it, but never to one of an account.
    pub fn may(&self, of: &Owner) -> bool {
        match self {
            Self::Anonymous => of.is_anonymous(),
            Self::Account { owner, .. } => owner == of,
        }
    }

    /// Returns this person, who acts for an owner, as an actor of the audit log. Without an account it is the owner with the
    /// prefix that says so, since the name may be that of anybody.
    pub fn actor(&self, owner: &Owner, request: &HttpRequest) -> Actor {
        let name = match self {
            Self::Anonymous => owner.as_str(),
            Self::Account { name, .. } => name.as_str(),
        };
        Actor::new(name, origin::address(request))
    }

    /// Returns the name of the account, if there is one.
    pub fn account(&self) -> Option<&str> {
        match self {
            Self::Anonymous => None,
            Self::Account { name, .. } => Some(name.as_str()),
        }
    }

    /// Returns the name that a session of this owner is shown with.
    pub fn name<'a>(&'a self, owner: &'a Owner) -> &'a str {
        match self {
            Self::Anonymous => owner.name(),
            Self::Account { name, .. } => name.as_str(),
        }
    }
}

admitted!(Player, admit);

async fn admit(request: &HttpRequest) -> Result<Player, Problem> {
    let state = State::of(request)?;
    if let Some(player) = of_all(request).await? {
        let owner = Players::of(state).owner(&player)?;
        return Ok(Player::Account { name: player.name, owner });
    }
    let settings = &state.config.engine;
    if settings.is_open_play() && is_from_this_machine(request, &settings.names) {
        return Ok(Player::Anonymous);
    }
    Err(Problem::unauthorized(
        "log in at /api/play/login of the server, and send the token as Authorization: Bearer TOKEN; playing without an \
         account is only for people at this machine",
    ))
}

/// Any client, within the rate limit of its address; one that sends a credential must send a valid one.
#[derive(Debug)]
pub struct Visitor;

async fn visit(request: &HttpRequest) -> Result<Visitor, Problem> {
    Anybody::extract(request).await?;
    of_all(request).await?;
    Ok(Visitor)
}

admitted!(Visitor, visit);
