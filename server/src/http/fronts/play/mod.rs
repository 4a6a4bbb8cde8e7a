//! The API of players: registering, logging in, tokens and teams; challenges, flags and instances; the scoreboard. It has the control API's envelope, and takes tokens
//! only.

mod ctftime;
mod instance;
mod login;
mod me;
mod mine;
mod rules;
mod scoreboard;
mod solving;
mod team;
mod tokens;

use crate::http::openapi::{Group, group};

/// All operations of this front.
pub fn groups() -> Vec<Group> {
    vec![
        group!(
            "Play: login", "For players: register, log in with a password, and keep the login by refreshing its tokens.";
            rules: show;
            login: register, log_in, refresh, log_out;
            me: me, change_password
        ),
        group!("Play: tokens", "Tokens that players make for their programs."; tokens: list, create, revoke),
        group!(
            "Play: challenges", "Challenges, flags, and instances of one's own.";
            solving: list, submit;
            instance: show, start, extend, heartbeat, stop;
            scoreboard: show;
            ctftime: standings, captures
        ),
        group!("Play: team", "The team of a player."; team: create, join, leave, renew_code),
    ]
}
