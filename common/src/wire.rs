//! The messages between runner and server, as JSON over HTTP. `docs/protocol.md` describes when each is sent.
//!
//! Requests with unknown fields are refused, so that a misspelt field is noticed; responses may gain fields.

pub mod deployments;
pub mod inspections;
pub mod instances;
pub mod inventories;
pub mod services;

use crate::{Band, Callsign, ChallengeName, Digest, DutyCycle, EngineId, Frequency, RadioId, RunnerId, Timestamp};
use instances::EngineInfo;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The radio of a runner that registers without naming its radios.
pub const SOLE_RADIO: &str = "default";

/// The key of the WAV file's sample rate, in samples per second, in the parameters of a [`Task`]. No modulation has a
/// parameter of this name.
pub const WAV_RATE: &str = "wav_samplerate";

/// The driver of a radio that sends nothing: its transmissions are never on air, not even those that succeed.
pub const NULL_DRIVER: &str = "null";

/// The maximum number of lines in one [`LogsRequest`].
pub const MAX_LOG_LINES: usize = 50;

/// The header of every request that identifies the runner's machine. The server compares it with the value sent at
/// enrollment, of which it keeps only the digest.
pub const MACHINE_HEADER: &str = "X-Runner-Machine-ID";
/// The header of every request with the number of the [`Life`](crate::Life) of the runner's program.
pub const LIFE_HEADER: &str = "X-Runner-Life";
/// The header that numbers the registrations of this life of the runner, from 1. A registration that arrives after one
/// with a higher number changes nothing.
pub const REGISTRATION_HEADER: &str = "X-Runner-Registration";
/// The header of every request with the time by the runner's clock when it was sent, in milliseconds since 1970-01-01
/// UTC. It shows operators how far the clock is off; leases do not depend on it.
pub const CLOCK_HEADER: &str = "X-Runner-Clock";

/// `POST /api/enrollment/enroll`: exchange a one-time token for a key.
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

/// The answer to [`EnrollRequest`]: sent once, stored by the runner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EnrollResponse {
    /// Always `success`.
    pub status: String,
    /// The id that the token was made for.
    pub runner_id: RunnerId,
    /// The runner's key, for `X-API-Key` or `Authorization: Bearer`.
    pub api_key: String,
}

/// `POST /api/runners/register`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RegisterRequest {
    /// The id that the runner's key belongs to.
    pub runner_id: RunnerId,
    /// The bands in which the runner may transmit. Without `radios` they are those of its one radio, [`SOLE_RADIO`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_items = 256))]
    pub frequency_limits: Vec<Band>,
    /// The runner's radios, at most 64, each with an id of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_items = 64))]
    pub radios: Vec<RadioInfo>,
    /// Radios that the runner has, but that fail and take no work for now. They are not among `radios`, which may then be
    /// empty: the runner is there and has no radio.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_items = 64))]
    pub failed_radios: Vec<FailedRadio>,
    /// The assignments that the runner holds. The server aborts every other assignment of this runner; its challenge is
    /// free again when the runner reports the end, or when lease and grace are over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignments: Option<Vec<i64>>,
    /// The runner's engines, at most 8. A runner with engines and without `radios` has no radio.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_items = 8))]
    pub engines: Vec<EngineInfo>,
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RadioInfo {
    /// The radio's id, unique on the runner.
    pub id: RadioId,
    /// `soapy`, `air`, `file` or `null`. Transmissions of a `null` radio are marked as simulated, since it sends
    /// nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 255))]
    pub driver: Option<String>,
    /// The radio's model, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 255))]
    pub model: Option<String>,
    /// The bands in which it may transmit; the whole signal must lie within one of them. Empty: no limit.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_items = 256))]
    pub frequency_limits: Vec<Band>,
    /// The named ranges of the event in which it may transmit as well. With such names it may transmit nowhere else, also
    /// while the event has none of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_items = 256))]
    pub frequency_ranges: Vec<String>,
    /// Its sample rate, in samples per second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(maximum = 1_000_000_000_000u64))]
    pub sample_rate: Option<u64>,
    /// The part of the time for which it may be on air. After each transmission it gets no other until its rest is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duty_cycle: Option<DutyCycle>,
    /// The longest time on air, in seconds, identification included. Longer signals go to other radios.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 604_800u64))]
    pub max_on_air_seconds: Option<u32>,
    /// Seconds for which it still rests after what it sent last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 31_536_000u64))]
    pub rests_seconds: Option<f64>,
    /// How it identifies its station; absent: not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identification: Option<Identification>,
}

impl RadioInfo {
    /// Returns a radio of which nothing is known but its id: without limits, and of any sample rate.
    #[must_use]
    pub fn plain(id: RadioId) -> Self {
        Self {
            id,
            driver: None,
            model: None,
            frequency_limits: Vec::new(),
            frequency_ranges: Vec::new(),
            sample_rate: None,
            duty_cycle: None,
            max_on_air_seconds: None,
            rests_seconds: None,
            identification: None,
        }
    }
}

/// How a radio identifies its station: in Morse code on the frequency in use, at the end of transmissions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Identification {
    /// The call sign.
    pub callsign: Callsign,
    /// A transmission that ends later than so many seconds after the last identification carries one; 0: each.
    #[cfg_attr(feature = "openapi", schema(maximum = 86_400u64))]
    pub interval_seconds: u32,
    /// Seconds by which an identification makes a transmission longer.
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 600))]
    pub length_seconds: f64,
}

/// A radio that fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct FailedRadio {
    /// Unique on the runner.
    pub id: RadioId,
    /// What is wrong with it, for people.
    #[cfg_attr(feature = "openapi", schema(max_length = 1000))]
    pub reason: String,
}

/// The answer to [`RegisterRequest`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RegisterResponse {
    /// Always `success`.
    pub status: String,
    /// A sentence for people; programs read the other fields.
    pub message: String,
    /// The id of the request.
    pub runner_id: RunnerId,
    /// The intervals that the runner is to keep.
    #[serde(flatten)]
    pub intervals: Intervals,
    /// Assignments of the request that are no longer the runner's: it must stop them.
    #[serde(default)]
    pub abort: Vec<i64>,
}

/// The runner's intervals, all in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Intervals {
    /// Seconds between heartbeats.
    pub heartbeat_interval: f64,
    /// Seconds between polls without `wait`.
    pub poll_interval: f64,
    /// Seconds that a lease lasts from its last renewal.
    pub lease_seconds: f64,
}

/// `POST /api/runners/{id}/heartbeat`. The body may be left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct HeartbeatRequest {
    /// The assignments that the runner works on. Their leases are renewed; a heartbeat without a body renews all leases
    /// of the runner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignments: Option<Vec<AssignmentProgress>>,
    /// How long ago each cluster has answered. One that has not since the runner started is left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_items = 8))]
    pub engines: Vec<EngineSilence>,
}

/// The longest silence of an engine that is reported, in seconds: what describes a number of 32 bits has no larger one.
pub const MAX_SILENCE: u32 = 2_147_483_647;

/// How long an engine has not answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EngineSilence {
    /// The engine.
    pub engine_id: EngineId,
    /// Seconds since its last answer, at most 2,147,483,647.
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 2_147_483_647))]
    pub seconds: u32,
}

/// The progress of one assignment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AssignmentProgress {
    /// The assignment's id, never reused.
    pub assignment_id: i64,
    /// The fence it was handed out with.
    pub fence: i64,
    /// The part that has been on air so far, 0 to 1; absent before the carrier is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<f64>,
}

/// The answer to [`HeartbeatRequest`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HeartbeatResponse {
    /// Always `success`.
    pub status: String,
    /// A sentence for people; programs read the other fields.
    pub message: String,
    /// Assignments whose lease was renewed: it lasts `lease_seconds` from the moment at which the request was sent.
    pub renewed: Vec<i64>,
    /// Assignments that the runner must stop at once.
    pub abort: Vec<i64>,
    /// The intervals that the runner is to keep.
    #[serde(flatten)]
    pub intervals: Intervals,
}

/// The answer to `GET /api/runners/{id}/task`, with or without `?wait=SECONDS`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TaskResponse {
    /// The task for one of the runner's free radios; `null` if there is none.
    pub task: Option<Task>,
    /// Assignments that the runner must stop at once. A long poll returns early for these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub abort: Vec<i64>,
}

/// An assignment, and all data needed to carry it out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Task {
    /// The challenge's id, never reused.
    pub challenge_id: i64,
    /// The challenge's name.
    pub name: ChallengeName,
    /// The nominal frequency drawn for this transmission.
    pub frequency: Frequency,
    /// The name of a registered modulation.
    pub modulation: String,
    /// The path of the file as the organiser wrote it, for people.
    pub flag_file: Option<String>,
    /// The SHA-256 of the file, which `GET /api/files/{hash}` serves.
    pub flag_hash: Option<Digest>,
    /// All of the modulation's parameters. Besides them, `text` holds inline text, and [`WAV_RATE`] the sample rate of
    /// a WAV file.
    pub parameters: Map<String, Value>,
    /// The assignment's id, never reused.
    pub assignment_id: i64,
    /// The fence: grows by one with each assignment of the challenge. A report with an older fence changes nothing.
    pub fence: i64,
    /// The radio that must transmit.
    pub radio_id: RadioId,
    /// When the lease expires unless it is renewed, by the server's clock.
    pub expires_at: Timestamp,
    /// Seconds that a lease lasts from its last renewal.
    pub lease_seconds: f64,
    /// The radio's sample rate in samples per second, as the runner registered it.
    pub sample_rate: Option<u64>,
    /// The bands of the radio's `frequency_ranges` that the event has, by name. The runner keeps the signal within these and
    /// the radio's `frequency_limits`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub frequency_ranges: BTreeMap<String, Band>,
}

/// How a transmission ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The whole signal was on air.
    Success,
    /// The radio, the file or the runner failed.
    Failed,
    /// The signal was cut, by an order or because the lease expired.
    Aborted,
}

/// `POST /api/runners/{id}/complete`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CompleteRequest {
    /// The challenge's id, never reused.
    pub challenge_id: i64,
    /// How the transmission ended.
    pub status: Outcome,
    /// Why the transmission failed or was aborted, for people.
    #[serde(default)]
    pub error: Option<String>,
    /// The assignment's id; if absent, the runner's current assignment of that challenge is meant.
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
    /// How often the radio ran out of samples, which leaves gaps in the signal; absent: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub underruns: Option<u64>,
}

/// `POST /api/runners/{id}/log`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LogRequest {
    /// `DEBUG`, `INFO`, `WARNING`, `ERROR` or `CRITICAL`, in upper or lower case.
    pub level: LogLevel,
    /// The text of the line, for people.
    pub message: String,
    /// When it was written, by the runner's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
}

/// `POST /api/runners/{id}/logs`: several lines at once, at most [`MAX_LOG_LINES`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LogsRequest {
    /// The lines, the oldest first.
    #[cfg_attr(feature = "openapi", schema(max_items = 50))]
    pub lines: Vec<LogRequest>,
}

/// The level of a log line. Its case does not matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names are self-explanatory")]
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

/// An answer without data: the request succeeded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Acknowledgement {
    /// Always `success`.
    pub status: String,
    /// A sentence for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// The answer to a request that was refused or failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorBody {
    /// The kind of error, in a few words.
    pub error: String,
    /// The place, the cause and the way out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
}
