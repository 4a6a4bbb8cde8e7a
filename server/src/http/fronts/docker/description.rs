//! What the description of this front says beside its operations.

use super::body::Body;
use super::principal::{LoggedIn, Organiser, User, Visitor};
use crate::http::openapi::answers::{Forbidden, Invalid, TooLarge, TooMany};
use crate::http::openapi::{About, Describe, Front, schemes};

const ABOUT: &str = "\
The API of CTFd's Docker plugin, with the part of CTFd's own that its pages and `ctfcli` use.

Tokens are sent as `Authorization: Token TOKEN` or `Authorization: Bearer TOKEN`, also with CTFd's prefix `ctfd_`, with any \
content type; the dashboard's login cookie counts as well. Bodies are JSON, `application/x-www-form-urlencoded` or \
`multipart/form-data`; a number may be given as a text. Unknown fields are ignored. Paths may end with a slash.

Errors are `{\"success\": false, \"error\": …}`. Any operation can also answer 500 and 503, a body that does not arrive in \
time 408, and a method that a path does not support is answered with 405 and `Allow`. HEAD is answered as GET, without a \
body.";

/// Describes the front.
pub fn front() -> Front {
    let credentials = vec![(schemes::PLAYER, schemes::player()), (schemes::SESSION, schemes::login())];
    Front { title: "ChallengeCtl Docker challenges", about: ABOUT, credentials }
}

/// The credentials that are taken.
const CREDENTIALS: [&str; 2] = [schemes::PLAYER, schemes::SESSION];

impl Describe for Body {
    fn describe(about: &mut About) {
        about.answers::<Invalid>();
        about.answers::<TooLarge>();
    }
}

impl Describe for Visitor {
    fn describe(about: &mut About) {
        about.accepts(&CREDENTIALS);
        about.answers::<TooMany>();
    }
}

impl Describe for User {
    fn describe(about: &mut About) {
        about.needs(&CREDENTIALS);
        about.answers::<Forbidden>();
        about.answers::<TooMany>();
        about.remark("For everybody with an account.");
    }
}

impl Describe for Organiser {
    fn describe(about: &mut About) {
        about.needs(&CREDENTIALS);
        about.answers::<Forbidden>();
        about.answers::<TooMany>();
        about.remark("Requires the role admin.");
    }
}

impl Describe for LoggedIn {
    fn describe(about: &mut About) {
        about.needs(&[schemes::SESSION]);
        about.answers::<Forbidden>();
        about.answers::<TooMany>();
        about.remark("Requires a login of any role that runs the event.");
    }
}
