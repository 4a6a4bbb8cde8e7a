//! What the description of this front says beside its operations.

use super::principal::Principal;
use crate::http::openapi::answers::{TooMany, Unauthorized};
use crate::http::openapi::{About, Describe, Front, schemes};

const ABOUT: &str = "\
Sessions with a program of their own on a ChallengeCtl server, such as a headless ChimeraX. Each runs in a sandbox, and \
ends by itself when it is idle.

Requests to `/api/sessions/{id}/proxy/PATH`, of any method, also WebSockets, are passed on to the REST interface of the \
session's program, for its owner alone. Answers of the program have its own statuses and bodies; 503 says that it cannot be \
reached.

Errors have one form, with a word in `code`. Any operation can also answer 500 and 503, a body that does not arrive in time \
408, and a method that a path does not support is answered with 405 and `Allow`. HEAD is answered as GET, without a body. \
Paths may end with a slash. State-changing requests of other sites' pages are refused with 403.

The id of a session is no credential. Instead of one, programs of the server's machine may send a name in `x-user-id`.";

/// Describes the front.
pub fn front() -> Front {
    let credentials = vec![(schemes::PLAYER, schemes::player()), (schemes::SESSION, schemes::login())];
    Front { title: "ChallengeCtl sessions", about: ABOUT, credentials }
}

impl Describe for Principal {
    fn describe(about: &mut About) {
        about.accepts(&[schemes::PLAYER, schemes::SESSION]);
        about.answers::<Unauthorized>();
        about.answers::<TooMany>();
    }
}
