//! The messages between runner and server, as JSON over HTTP. `docs/protocol.md` tells when each is sent.
//!
//! Requests refuse unknown fields, so that a misspelt one is told to its sender; answers may grow.

use crate::{Band, ChallengeName, Digest, Frequency, RadioId, RunnerId, Timestamp};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

/// The radio of a runner that registers without naming its radios.
pub const SOLE_RADIO: &str = "default";

/// What the parameters of a [`Task`] call the samples per second of its WAV file; not a parameter of any modulation.
pub const WAV_RATE: &str = "wav_samplerate";

/// The driver of a radio that sends nothing; what it succeeds with was not on air.
pub const NULL_DRIVER: &str = "null";

/// Lines of one [`LogsRequest`].
pub const MAX_LOG_LINES: usize = 50;

/// The header by which a runner says, with every request, on which machine it is. The server compares the value with
/// the one that came with the enrolment, and keeps only its digest.
pub const MACHINE_HEADER: &str = "X-Runner-Machine-ID";
/// The header by which a runner says, with every request, which [`Life`](crate::Life) of its program sends it.
pub const LIFE_HEADER: &str = "X-Runner-Life";
/// The header by which a registration says how often this life of the runner has registered, this time included. One
/// that arrives after a later one changes nothing.
pub const REGISTRATION_HEADER: &str = "X-Runner-Registration";

/// `POST /api/enrollment/enroll`: a one-time token becomes a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EnrollRequest {
    /// The token that `challengectl-server runner enroll` printed.
    pub enrollment_token: String,
    /// The host's name, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 255))]
    pub hostname: Option<String>,
}

/// The answer to [`EnrollRequest`]: shown once, kept by the runner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EnrollResponse {
    /// `success`.
    pub status: String,
    /// The id that the token was made for.
    pub runner_id: RunnerId,
    /// The runner's key, for `X-API-Key` or `Authorization: Bearer`.
    pub api_key: String,
}

/// `POST /api/runners/register`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RegisterRequest {
    /// The id the key belongs to.
    pub runner_id: RunnerId,
    /// Where the runner may transmit. Without `radios` it means one radio, [`SOLE_RADIO`], with these limits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_items = 256))]
    pub frequency_limits: Vec<Band>,
    /// The runner's radios.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_items = 64))]
    pub radios: Vec<RadioInfo>,
    /// The assignments it holds. What the server thinks it has beyond these is to go off the air, and is given to
    /// others when its end is reported, or its lease and grace are over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignments: Option<Vec<i64>>,
    /// The host's name, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 255))]
    pub hostname: Option<String>,
    /// The runner's version, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 255))]
    pub version: Option<String>,
}

/// A radio of a runner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RadioInfo {
    /// Unique on the runner.
    pub id: RadioId,
    /// `soapy`, `air`, `file`, `null`. What a `null` radio transmits is marked as simulated, since it sends nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 255))]
    pub driver: Option<String>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 255))]
    pub model: Option<String>,
    /// Where it may transmit, counting bandwidth. None: anywhere.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_items = 256))]
    pub frequency_limits: Vec<Band>,
    /// Samples per second it will run at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(maximum = 1_000_000_000_000u64))]
    pub sample_rate: Option<u64>,
}

/// The answer to [`RegisterRequest`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RegisterResponse {
    /// `success`.
    pub status: String,
    /// For people.
    pub message: String,
    /// The id, as asked.
    pub runner_id: RunnerId,
    /// How the server wants to hear from the runner.
    #[serde(flatten)]
    pub intervals: Intervals,
    /// Assignments the runner named that are no longer its own: stop them.
    #[serde(default)]
    pub abort: Vec<i64>,
}

/// Intervals that the server hands out.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Intervals {
    /// Seconds between heartbeats.
    pub heartbeat_interval: f64,
    /// Seconds between polls that ask for no long wait.
    pub poll_interval: f64,
    /// Seconds a lease runs from its last renewal.
    pub lease_seconds: f64,
}

/// `POST /api/runners/{id}/heartbeat`. The body may be left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct HeartbeatRequest {
    /// What the runner works on. Each is renewed by this; a heartbeat without a body renews all of the runner's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignments: Option<Vec<AssignmentProgress>>,
}

/// How far one assignment is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AssignmentProgress {
    /// Which.
    pub assignment_id: i64,
    /// The fence it was handed out with.
    pub fence: i64,
    /// Part on air so far, 0 to 1; none before the carrier is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<f64>,
}

/// The answer to [`HeartbeatRequest`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HeartbeatResponse {
    /// `success`.
    pub status: String,
    /// For people.
    pub message: String,
    /// Assignments whose lease now runs anew, counted from the moment the request was sent.
    pub renewed: Vec<i64>,
    /// Assignments to stop at once.
    pub abort: Vec<i64>,
    /// How the server wants to hear from the runner.
    #[serde(flatten)]
    pub intervals: Intervals,
}

/// The answer to `GET /api/runners/{id}/task`, with or without `?wait=SECONDS`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TaskResponse {
    /// Work for one of the runner's free radios.
    pub task: Option<Task>,
    /// Assignments to stop at once. A long poll returns early for these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub abort: Vec<i64>,
}

/// An assignment, and everything needed to carry it out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Task {
    /// Which challenge.
    pub challenge_id: i64,
    /// Its name.
    pub name: ChallengeName,
    /// The nominal frequency drawn for this time.
    pub frequency: Frequency,
    /// The name of a registered modulation.
    pub modulation: String,
    /// The path as the organiser wrote it, for people.
    pub flag_file: Option<String>,
    /// The content, at `GET /api/files/{hash}`.
    pub flag_hash: Option<Digest>,
    /// All of the modulation's parameters; besides them, inline text is in `text`, and the rate of a WAV file in
    /// [`WAV_RATE`].
    pub parameters: Map<String, Value>,
    /// Which assignment.
    pub assignment_id: i64,
    /// Grows by one with each assignment of the challenge; a report with an older one changes nothing.
    pub fence: i64,
    /// The radio it is for.
    pub radio_id: RadioId,
    /// When the lease runs out unless renewed, by the server's clock.
    pub expires_at: Timestamp,
    /// Seconds a lease runs from its last renewal.
    pub lease_seconds: f64,
    /// The radio's samples per second, as it registered them.
    pub sample_rate: Option<u64>,
}

/// How a transmission ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// All of it was on air.
    Success,
    /// Something went wrong.
    Failed,
    /// It was cut, by order or because the lease ran out.
    Aborted,
}

/// `POST /api/runners/{id}/complete`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CompleteRequest {
    /// Which challenge.
    pub challenge_id: i64,
    /// How it ended.
    pub status: Outcome,
    /// What went wrong.
    #[serde(default)]
    pub error: Option<String>,
    /// Which assignment; without it, the runner's live assignment of that challenge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignment_id: Option<i64>,
    /// The fence it was handed out with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fence: Option<i64>,
    /// When the carrier went on, by the runner's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When the carrier went off, by the runner's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
}

/// `POST /api/runners/{id}/log`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LogRequest {
    /// `DEBUG`, `INFO`, `WARNING`, `ERROR` or `CRITICAL`, in capitals or not.
    pub level: LogLevel,
    /// What happened.
    pub message: String,
    /// When, by the runner's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
}

/// `POST /api/runners/{id}/logs`: several lines at once, at most [`MAX_LOG_LINES`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LogsRequest {
    /// The oldest first.
    #[cfg_attr(feature = "openapi", schema(max_items = 50))]
    pub lines: Vec<LogRequest>,
}

/// How much a log line matters. Read in capitals or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names say it")]
pub enum LogLevel {
    Debug,
    Info,
    Warning,
    Error,
    Critical,
}

impl LogLevel {
    const NAMES: &[&str] = &["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"];
}

impl<'de> Deserialize<'de> for LogLevel {
    fn deserialize<D: Deserializer<'de>>(level: D) -> Result<Self, D::Error> {
        let text = String::deserialize(level)?;
        match text.to_ascii_uppercase().as_str() {
            "DEBUG" => Ok(Self::Debug),
            "INFO" => Ok(Self::Info),
            "WARNING" => Ok(Self::Warning),
            "ERROR" => Ok(Self::Error),
            "CRITICAL" => Ok(Self::Critical),
            _ => Err(D::Error::unknown_variant(&text, Self::NAMES)),
        }
    }
}

/// Any answer that only says that it worked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Acknowledgement {
    /// `success`.
    pub status: String,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// Any answer that says what went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorBody {
    /// What went wrong, in a few words.
    pub error: String,
    /// Where, and the way out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
}
