//! The bodies of this front.

use challengectl_common::Timestamp;
use challengectl_coordinator::instances::ProcessSession;
use challengectl_coordinator::session::SessionState;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a session is made with. Unknown fields are ignored.
#[derive(ToSchema)]
#[schema(as = NewSession, examples(json!({})))]
#[expect(dead_code, reason = "described here, read by `form`, which ignores all others")]
pub struct CreateForm {
    /// A structure of the Protein Data Bank that the program shall open, such as `1abc`.
    #[schema(rename = "pdbId", pattern = "^[A-Za-z0-9]{4,10}$")]
    pdb_id: Option<String>,
    /// The challenge, by its `id`; by default that of the server's settings.
    challenge_id: Option<String>,
}

/// The same as a form, with a file.
#[derive(ToSchema)]
#[schema(as = NewSessionForm)]
#[expect(dead_code, reason = "described here, read by `form`")]
pub struct CreateMultipart {
    /// A file that the program shall open: .pdb, .mol, .mol2, .xyz, .cif or .sdf, of 1 byte to 10 MiB unless the server has
    /// another limit.
    #[schema(value_type = Option<String>, format = Binary)]
    file: Option<Vec<u8>>,
    /// As above.
    #[schema(rename = "pdbId", pattern = "^[A-Za-z0-9]{4,10}$")]
    pdb_id: Option<String>,
    /// As above.
    challenge_id: Option<String>,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// For admins: the sessions of everybody.
    #[param(value_type = Option<bool>)]
    pub all: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SessionSuccess)]
pub enum Success {
    #[serde(rename = "success")]
    Success,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SessionFailure)]
pub enum Failure {
    #[serde(rename = "error")]
    Error,
}

/// A session.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// A UUID of version 4.
    #[schema(pattern = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
    id: String,
    #[schema(value_type = String, format = DateTime)]
    created: String,
    /// The last sign of life: a heartbeat, or something that was sent to the program.
    #[schema(value_type = String, format = DateTime)]
    last_active: String,
    /// The port of the program in a network of its own; null until it answers there. Nothing but
    /// `/api/sessions/{id}/proxy` leads to it.
    port: Option<u16>,
    status: Status,
}

/// How a session stands.
#[derive(Serialize, ToSchema)]
#[schema(as = SessionStatus)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Its program is starting.
    Initializing,
    /// Its program answers.
    Ready,
    /// Its program has not yet answered something that was sent to it.
    Busy,
    /// Its program has ended, or its runner is away.
    Error,
}

impl From<&ProcessSession> for Session {
    fn from(session: &ProcessSession) -> Self {
        Self {
            id: session.session.key.clone(),
            created: iso(session.session.requested_at),
            last_active: iso(session.last_active_at),
            port: session.port,
            status: status(session),
        }
    }
}

fn status(session: &ProcessSession) -> Status {
    match session.session.state {
        SessionState::Queued | SessionState::Starting => Status::Initializing,
        SessionState::Running if session.is_busy => Status::Busy,
        SessionState::Running => Status::Ready,
        SessionState::Lost | SessionState::Stopping | SessionState::Stopped | SessionState::Failed => Status::Error,
    }
}

/// Writes a time with milliseconds, also if there are none.
fn iso(time: Timestamp) -> String {
    let millis = time.as_millis();
    let time = jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    format!("{time:.3}")
}

#[derive(Serialize, ToSchema)]
#[schema(as = OneSession)]
pub struct One {
    status: Success,
    data: OneData,
}

#[derive(Serialize, ToSchema)]
#[schema(as = OneSessionData)]
struct OneData {
    session: Session,
}

#[derive(Serialize, ToSchema)]
#[schema(as = AllSessions)]
pub struct All {
    status: Success,
    data: AllData,
}

#[derive(Serialize, ToSchema)]
#[schema(as = AllSessionsData)]
struct AllData {
    sessions: Vec<Session>,
}

/// The session has ended.
#[derive(Serialize, ToSchema)]
#[schema(as = SessionTerminated)]
pub struct Terminated {
    status: Success,
    message: &'static str,
}

impl One {
    pub fn of(session: &ProcessSession) -> Self {
        Self { status: Success::Success, data: OneData { session: session.into() } }
    }
}

impl All {
    pub fn of(sessions: &[ProcessSession]) -> Self {
        Self { status: Success::Success, data: AllData { sessions: sessions.iter().map(Session::from).collect() } }
    }
}

impl Terminated {
    pub fn new() -> Self {
        Self { status: Success::Success, message: "Session terminated successfully" }
    }
}

/// Why a request failed.
#[derive(Serialize, ToSchema)]
pub struct SessionError {
    pub status: Failure,
    pub code: &'static str,
    pub message: String,
    /// The fields that are invalid.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<FieldError>,
}

/// What is wrong with a field.
#[derive(Serialize, ToSchema)]
pub struct FieldError {
    pub field: String,
    pub message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_milliseconds_and_end_with_z() {
        assert_eq!(iso(Timestamp::from_millis(1_700_000_000_000)), "2023-11-14T22:13:20.000Z");
        assert_eq!(iso(Timestamp::from_millis(1_700_000_000_120)), "2023-11-14T22:13:20.120Z");
    }
}
