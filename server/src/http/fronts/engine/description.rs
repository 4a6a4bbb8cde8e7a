//! What the description of this front says beside its operations.

use super::body::Body;
use super::player::{Player, Visitor};
use crate::http::openapi::answers::{Invalid, TooLarge, TooMany};
use crate::http::openapi::{About, Describe, Front, schemes};

const ABOUT: &str = "\
The challenge engine of a ChallengeCtl server: starts a container of a challenge for a user, takes its flag, stops it. It \
has a listener of its own.

Errors of flags have one form, all others another. Any operation can also answer 500 and 503, a body that does not \
arrive in time 408, and a method that a path does not support is answered with 405 and `Allow`. Paths may end with a \
slash.

Pages of configured sites may use it (CORS). State-changing requests of other sites' pages are refused with 403.";

/// Describes the front.
pub fn front() -> Front {
    let credentials = vec![(schemes::PLAYER, schemes::player()), (schemes::SESSION, schemes::login())];
    Front { title: "ChallengeCtl challenge engine", about: ABOUT, credentials }
}

impl Describe for Body {
    fn describe(about: &mut About) {
        about.answers::<Invalid>();
        about.answers::<TooLarge>();
    }
}

impl Describe for Player {
    fn describe(about: &mut About) {
        about.accepts(&[schemes::PLAYER, schemes::SESSION]);
        about.answers::<TooMany>();
        about.remark("Without a login only from this machine, if open play is on.");
    }
}

impl Describe for Visitor {
    fn describe(about: &mut About) {
        about.accepts(&[schemes::PLAYER, schemes::SESSION]);
        about.answers::<TooMany>();
    }
}
