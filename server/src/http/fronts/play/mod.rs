//! The API of players: registering, logging in, tokens and teams. It has the control API's envelope, and takes tokens
//! only.

mod login;
mod me;
mod team;
mod tokens;

use crate::http::openapi::{Group, group};

/// All operations of this front.
pub fn groups() -> Vec<Group> {
    vec![
        group!(
            "Play: login", "For players: register, log in with a password, and keep the login by refreshing its tokens.";
            login: register, log_in, refresh, log_out;
            me: me, change_password
        ),
        group!("Play: tokens", "Tokens that players make for their programs."; tokens: list, create, revoke),
        group!("Play: team", "The team of a player."; team: create, join, leave, renew_code),
    ]
}
