//! What the description of this front says beside its operations.

use super::body::{Asked, Lazy};
use super::principal::{Manager, Master, User};
use crate::http::openapi::answers::{Forbidden, Invalid, TooLarge, TooMany, Unprocessable, Unsupported};
use crate::http::openapi::{About, Describe, Front, schemes};
use utoipa::IntoParams;

/// The access token of a login here.
const DEPLOYER: &str = "deployer_token";

const ABOUT: &str = "\
Team deployments of a ChallengeCtl server: a challenge is deployed to a Kubernetes cluster for all teams at once, each with \
an address of its own. It has a listener of its own.

Errors have one text, in `detail`: 400 for a body that is no JSON, and for what the present state does not allow; 422 for a \
body or a query that is invalid. Any operation can also answer 500 and 503, a body that does not arrive in time 408, and a \
method that a path does not support is answered with 405 and `Allow`. HEAD is answered as GET, without a body. Paths may end \
with a slash. State-changing requests of other sites' pages are refused with 403.";

/// Describes the front.
pub fn front() -> Front {
    let about = "The access_token that POST /api/v1/auth/login answers.";
    Front {
        title: "ChallengeCtl team deployments",
        about: ABOUT,
        credentials: vec![(DEPLOYER, schemes::bearer(about))],
    }
}

impl<T> Describe for Lazy<T> {
    fn describe(about: &mut About) {
        about.answers::<Invalid>();
        about.answers::<Unprocessable>();
        about.answers::<TooLarge>();
        about.answers::<Unsupported>();
    }
}

impl<T: IntoParams> Describe for Asked<T> {
    fn describe(about: &mut About) {
        about.takes_query_as::<T, Unprocessable>();
    }
}

impl Describe for User {
    fn describe(about: &mut About) {
        about.needs(&[DEPLOYER]);
        about.answers::<TooMany>();
    }
}

impl Describe for Manager {
    fn describe(about: &mut About) {
        about.needs(&[DEPLOYER]);
        about.answers::<Forbidden>();
        about.answers::<TooMany>();
        about.remark("Requires the role Admin or Master.");
    }
}

impl Describe for Master {
    fn describe(about: &mut About) {
        about.needs(&[DEPLOYER]);
        about.answers::<Forbidden>();
        about.answers::<TooMany>();
        about.remark("Requires the role Master.");
    }
}
