//! What the description of the control API says beside its operations.

use crate::http::openapi::{Front, schemes};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};

const ABOUT: &str = "\
The control API of a ChallengeCtl server, for runners, operators and the public page.

Every error has the same form: `error` is one of a closed set of codes; `details` give the place, the cause and the \
way out. Any operation can also answer 500, if the server's disk or database fails, and 503, while it stops, both in \
that form. A method that a path does not support is answered with 405 and `Allow`.

A state-changing request that a browser sends for a page of another site, according to the headers `Sec-Fetch-Site` \
and `Origin`, is refused with 403. Other programs need not send these headers.";

/// Describes the front.
pub fn front() -> Front {
    Front { title: "ChallengeCtl", about: ABOUT, credentials: credentials() }
}

fn credentials() -> Vec<(&'static str, SecurityScheme)> {
    let keys = [
        (schemes::KEY, schemes::BEARER, "The key of a runner, which POST /api/enrollment/enroll answers."),
        (
            schemes::PROVISIONING_KEY,
            schemes::PROVISIONING_BEARER,
            "A provisioning key, which POST /api/provisioning/keys answers.",
        ),
    ];
    let mut credentials = vec![(schemes::SESSION, schemes::login()), (schemes::PLAYER, schemes::player())];
    for (key, bearer, about) in keys {
        let header = SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description("X-API-Key", about)));
        credentials.extend([(key, header), (bearer, schemes::bearer(about))]);
    }
    credentials
}
