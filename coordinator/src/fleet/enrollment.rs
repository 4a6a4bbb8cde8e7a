//! Enrollment: a one-time token becomes a runner's key.

use super::host_binding::Host;
use crate::CoreError;
use crate::fleet::Fleet;
use challengectl_common::RunnerId;

pub const MAX_HOSTNAME: usize = 255;

/// What a host says of itself when it enrolls.
#[derive(Debug, Clone, Default)]
pub struct Enrollee {
    /// Where it is; its key is bound to that.
    pub host: Host,
    /// Its name, for people.
    pub hostname: Option<String>,
}

/// What a runner gets for its token. The key is not kept in clear.
#[derive(Debug)]
pub struct Enrollment {
    /// The id that the token was made for.
    pub runner_id: RunnerId,
    /// The runner's key.
    pub api_key: String,
}

impl Fleet {}

/// What is answered to who would make a runner that is there already: nobody takes it over without meaning to, and a
/// provisioning key not at all.
pub(crate) fn taken(id: &RunnerId) -> CoreError {
    CoreError::Conflict(format!(
        "runner {id} is enrolled already; an admin gives it a new key by POST /api/enrollment/re-enroll/{id}"
    ))
}
