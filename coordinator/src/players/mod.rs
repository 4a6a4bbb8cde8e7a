//! Players: accounts of the role `player`, their logins and tokens, and their teams.
//!
//! Players log in with a password and get two random tokens, of which only digests are stored. They are not signed
//! tokens (JWT): those are valid until they expire, whatever happens to their account, while these end with the row, so
//! that a ban or a logout counts from the next request on. The price is a look-up of the token beside that of the account,
//! which a signed token needs as well as soon as it can be taken back. Everything is in the database alone: a restart of the
//! server ends no login.

mod logins;
mod members;
mod operators;
mod principal;
mod register;
mod settings;
mod teams;
mod tokens;

pub use crate::accounts::Client;
pub use crate::store::players::Player as PlayerRecord;
pub use crate::store::players::personal_tokens::PersonalToken;
pub use crate::store::players::teams::Team;
pub use logins::{ACCESS_LIFE, REFRESH_LIFE, Registered, Tokens};
pub use members::{Created, TeamView};
pub use operators::{PlayerChange, TeamChange};
pub use principal::Player;
pub use settings::{Mode, PlayerSettings, Registration};
pub use tokens::{IssuedPersonalToken, MAX_TOKEN_DAYS};

use crate::Accounts;
use crate::context::Context;
use std::sync::Arc;

/// The players of all fronts.
#[derive(Debug)]
pub struct Players {
    context: Arc<Context>,
    accounts: Arc<Accounts>,
    settings: PlayerSettings,
}

impl Players {
    /// Makes the component, on the database of the context.
    #[must_use]
    pub fn new(context: Arc<Context>, accounts: Arc<Accounts>, settings: PlayerSettings) -> Arc<Self> {
        Arc::new(Self { context, accounts, settings })
    }

    /// Returns the rules for players.
    #[must_use]
    pub fn settings(&self) -> PlayerSettings {
        self.settings
    }
}
