//! Enrollment: a host exchanges a one-time token for a runner key.

use super::host_binding::Host;
use crate::CoreError;
use crate::fleet::Fleet;
use challengectl_common::RunnerId;

/// Bytes of a host name (RFC 1035, section 2.3.4).
pub const MAX_HOSTNAME: usize = 255;

/// What a host reports about itself when it enrolls.
#[derive(Debug, Clone, Default)]
pub struct Enrollee {
    /// The machine and address; the runner key is bound to the machine.
    pub host: Host,
    /// The hostname, for people.
    pub hostname: Option<String>,
}

/// The result of an enrollment. The key is stored only as a digest.
#[derive(Debug)]
pub struct Enrollment {
    /// The id that the token was made for.
    pub runner_id: RunnerId,
    /// The runner's key.
    pub api_key: String,
}

impl Fleet {}

/// Returns the error for a request to make a runner that exists: nobody takes over a runner by mistake, and a
/// provisioning key cannot at all.
pub(crate) fn taken(id: &RunnerId) -> CoreError {
    CoreError::Conflict(format!(
        "runner {id} is enrolled already; an admin gives it a new key by POST /api/enrollment/re-enroll/{id}"
    ))
}
