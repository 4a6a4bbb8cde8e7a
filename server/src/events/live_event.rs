//! An event as clients get it.

use crate::words::{AlarmKind, ChallengeState, RunnerStatus};
use challengectl_common::wire::LogLevel;
use challengectl_common::{ChallengeName, Frequency, RadioId, RunnerId, Timestamp};
use challengectl_coordinator::Event;
use serde::Serialize;
use utoipa::ToSchema;

/// Something that has happened, as Socket.IO sends it under the name `event`; beside the fields, `data` holds a copy of
/// them.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum LiveEvent {
    /// A line for the operator, from the server or a runner.
    Log {
        source: String,
        #[schema(value_type = LogLevel)]
        level: &'static str,
        message: String,
        timestamp: Timestamp,
    },
    /// A challenge is due, goes on air, or waits again. While it is assigned: to whom, to which radio, and where.
    ChallengeState {
        challenge_id: i64,
        challenge_name: ChallengeName,
        state: ChallengeState,
        enabled: bool,
        runner_id: Option<RunnerId>,
        radio_id: Option<RadioId>,
        frequency: Option<Frequency>,
        timestamp: Timestamp,
    },
    /// A runner comes, works, rests, goes or falls silent.
    RunnerStatus { runner_id: RunnerId, status: RunnerStatus, busy: bool, timestamp: Timestamp },
    /// A time on air is over.
    Transmission {
        challenge_id: i64,
        challenge_name: ChallengeName,
        runner_id: RunnerId,
        radio_id: RadioId,
        frequency: Frequency,
        /// `success`, `failed` or `aborted`.
        status: &'static str,
        error_message: Option<String>,
        /// Whether the radio only simulates: nothing was on air.
        simulated: bool,
        timestamp: Timestamp,
    },
    /// How much of a transmission has been on air, 0 to 1.
    Progress { assignment_id: i64, challenge_id: i64, runner_id: RunnerId, progress: f64, timestamp: Timestamp },
    /// A host has become a runner, or a runner has got a new key.
    RunnerEnrolled { runner_id: RunnerId, hostname: Option<String>, timestamp: Timestamp },
    /// Whether a runner may be given work was changed.
    RunnerEnabled { runner_id: RunnerId, enabled: bool, timestamp: Timestamp },
    /// Somebody, or by `auto` the clock, paused, resumed, stopped or released everything.
    SystemControl {
        /// `pause`, `resume`, `emergency-stop` or `release`.
        action: &'static str,
        auto: bool,
        timestamp: Timestamp,
    },
    /// Something that a person should look into begins, or is over.
    Alarm { kind: AlarmKind, subject: String, message: String, active: bool, timestamp: Timestamp },
}

impl From<Event> for LiveEvent {
    fn from(event: Event) -> Self {
        match event {
            Event::Log { source, level, message, timestamp } => Self::Log { source, level, message, timestamp },
            Event::ChallengeState {
                challenge_id,
                challenge_name,
                state,
                enabled,
                runner_id,
                radio_id,
                frequency,
                timestamp,
            } => {
                let state = state.into();
                Self::ChallengeState {
                    challenge_id,
                    challenge_name,
                    state,
                    enabled,
                    runner_id,
                    radio_id,
                    frequency,
                    timestamp,
                }
            }
            Event::RunnerStatus { runner_id, status, busy, timestamp } => {
                Self::RunnerStatus { runner_id, status: status.into(), busy, timestamp }
            }
            Event::Transmission {
                challenge_id,
                challenge_name,
                runner_id,
                radio_id,
                frequency,
                status,
                error_message,
                simulated,
                timestamp,
            } => Self::Transmission {
                challenge_id,
                challenge_name,
                runner_id,
                radio_id,
                frequency,
                status,
                error_message,
                simulated,
                timestamp,
            },
            Event::Progress { assignment_id, challenge_id, runner_id, progress, timestamp } => {
                Self::Progress { assignment_id, challenge_id, runner_id, progress, timestamp }
            }
            Event::RunnerEnrolled { runner_id, hostname, timestamp } => {
                Self::RunnerEnrolled { runner_id, hostname, timestamp }
            }
            Event::RunnerEnabled { runner_id, enabled, timestamp } => {
                Self::RunnerEnabled { runner_id, enabled, timestamp }
            }
            Event::SystemControl { action, auto, timestamp } => Self::SystemControl { action, auto, timestamp },
            Event::Alarm { kind, subject, message, active, timestamp } => {
                Self::Alarm { kind: kind.into(), subject, message, active, timestamp }
            }
        }
    }
}
