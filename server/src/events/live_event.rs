//! The wire types of live events and of the first state.

use crate::words::{AlarmKind, ChallengeState, RunnerStatus};
use challengectl_common::wire::LogLevel;
use challengectl_common::{ChallengeName, Frequency, RadioId, RunnerId, Timestamp};
use challengectl_coordinator::bus::alarms::Alarm;
use challengectl_coordinator::{ChallengeNow, Event, RunnerNow, Snapshot};
use serde::Serialize;
use utoipa::ToSchema;

/// A live event, which Socket.IO sends under the name `event`; beside the fields, `data` holds a copy of them.
#[derive(Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum LiveEvent {
    /// A log line for the operators, from the server or a runner.
    Log {
        source: String,
        #[schema(value_type = LogLevel)]
        level: &'static str,
        message: String,
        timestamp: Timestamp,
    },
    /// A challenge is due, assigned, or waits again.
    ChallengeState {
        challenge_id: i64,
        challenge_name: ChallengeName,
        state: ChallengeState,
        enabled: bool,
        /// The runner, radio and frequency of an assigned challenge, else null.
        runner_id: Option<RunnerId>,
        radio_id: Option<RadioId>,
        frequency: Option<Frequency>,
        timestamp: Timestamp,
    },
    /// A runner registers, becomes busy or idle, signs out or falls silent.
    RunnerStatus { runner_id: RunnerId, status: RunnerStatus, busy: bool, timestamp: Timestamp },
    /// A transmission has ended.
    Transmission {
        challenge_id: i64,
        challenge_name: ChallengeName,
        runner_id: RunnerId,
        radio_id: RadioId,
        frequency: Frequency,
        /// `success`, `failed` or `aborted`.
        status: &'static str,
        error_message: Option<String>,
        /// True if the radio sends nothing: the challenge was not on air.
        simulated: bool,
        timestamp: Timestamp,
    },
    /// The progress of a transmission.
    Progress {
        assignment_id: i64,
        challenge_id: i64,
        runner_id: RunnerId,
        /// The part that has been on air, 0 to 1.
        progress: f64,
        timestamp: Timestamp,
    },
    /// A host has become a runner, or a runner has a new key.
    RunnerEnrolled { runner_id: RunnerId, hostname: Option<String>, timestamp: Timestamp },
    /// A runner was enabled or disabled.
    RunnerEnabled { runner_id: RunnerId, enabled: bool, timestamp: Timestamp },
    /// The system was paused, resumed, stopped or released.
    SystemControl {
        /// `pause`, `resume`, `emergency-stop`, `release` or `stop`.
        action: &'static str,
        /// True if the conference's hours did it.
        auto: bool,
        timestamp: Timestamp,
    },
    /// An alarm was raised, or is over.
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
            } => Self::ChallengeState {
                challenge_id,
                challenge_name,
                state: state.into(),
                enabled,
                runner_id,
                radio_id,
                frequency,
                timestamp,
            },
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

/// The state that a client gets first. Events keep it up to date from then on.
#[derive(Serialize)]
pub struct InitialState {
    challenges: Vec<Challenge>,
    /// The runners that have registered and not signed out.
    runners: Vec<Runner>,
    alarms: Vec<RaisedAlarm>,
    timestamp: Timestamp,
}

#[derive(Serialize)]
struct Challenge {
    challenge_id: i64,
    challenge_name: ChallengeName,
    state: ChallengeState,
    enabled: bool,
}

#[derive(Serialize)]
struct Runner {
    runner_id: RunnerId,
    status: RunnerStatus,
    busy: bool,
}

#[derive(Serialize)]
struct RaisedAlarm {
    kind: AlarmKind,
    subject: String,
    message: String,
    since: Timestamp,
}

impl From<Snapshot> for InitialState {
    fn from(now: Snapshot) -> Self {
        Self {
            challenges: now.challenges.into_iter().map(Challenge::from).collect(),
            runners: now.runners.into_iter().map(Runner::from).collect(),
            alarms: now.alarms.into_iter().map(RaisedAlarm::from).collect(),
            timestamp: now.timestamp,
        }
    }
}

impl From<ChallengeNow> for Challenge {
    fn from(it: ChallengeNow) -> Self {
        let ChallengeNow { challenge_id, challenge_name, state, enabled } = it;
        Self { challenge_id, challenge_name, state: state.into(), enabled }
    }
}

impl From<RunnerNow> for Runner {
    fn from(RunnerNow { runner_id, status, busy }: RunnerNow) -> Self {
        Self { runner_id, status: status.into(), busy }
    }
}

impl From<Alarm> for RaisedAlarm {
    fn from(Alarm { kind, subject, message, since, .. }: Alarm) -> Self {
        Self { kind: kind.into(), subject, message, since }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use challengectl_coordinator::RunnerStatus as Status;
    use serde_json::json;

    #[test]
    fn an_event_has_its_type_beside_its_fields() {
        let runner_id = RunnerId::new("roof").unwrap();
        let timestamp = Timestamp::from_millis(1_705_314_600_000);
        let event = Event::RunnerStatus { runner_id, status: Status::Online, busy: false, timestamp };
        assert_eq!(
            serde_json::to_value(LiveEvent::from(event)).unwrap(),
            json!({
                "type": "runner_status", "runner_id": "roof", "status": "online", "busy": false,
                "timestamp": "2024-01-15T10:30:00.000Z",
            })
        );
    }
}
