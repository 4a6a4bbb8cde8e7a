//! Closed sets of words in answers: as enums, so that the description lists them and clients can be exhaustive.

use challengectl_coordinator::ChallengeState as State;
use challengectl_coordinator::bus::alarms::AlarmKind as Raised;
use challengectl_coordinator::deployments::{Desired, Status as Deployed};
use challengectl_coordinator::session::SessionState;
use challengectl_coordinator::views::history::TransmissionStatus as Stored;
use challengectl_coordinator::{Binding, Phase, RunnerStatus as Status};
use challengectl_waveform::MODULATIONS;
use serde::{Deserialize, Serialize, Serializer};
use std::borrow::Cow;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// Where in its round a challenge is: at rest, due, or handed to a radio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChallengeState {
    Waiting,
    Queued,
    Assigned,
}

impl From<State> for ChallengeState {
    fn from(state: State) -> Self {
        match state {
            State::Waiting => Self::Waiting,
            State::Queued => Self::Queued,
            State::Assigned => Self::Assigned,
        }
    }
}

/// What an instance does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SessionState)]
pub enum InstanceState {
    /// It waits for an engine with room.
    Queued,
    Starting,
    Running,
    /// Its runner is silent; it goes on when the runner is back.
    Lost,
    Stopping,
    Stopped,
    Failed,
}

impl From<SessionState> for InstanceState {
    fn from(state: SessionState) -> Self {
        match state {
            SessionState::Queued => Self::Queued,
            SessionState::Starting => Self::Starting,
            SessionState::Running => Self::Running,
            SessionState::Lost => Self::Lost,
            SessionState::Stopping => Self::Stopping,
            SessionState::Stopped => Self::Stopped,
            SessionState::Failed => Self::Failed,
        }
    }
}

/// How a challenge that is deployed for teams stands, or one of its instances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeploymentStatus {
    /// Nothing has begun to build it.
    Pending,
    Deploying,
    Running,
    Stopping,
    Stopped,
    /// It does not run; its cluster goes on trying.
    Failed,
}

impl From<Deployed> for DeploymentStatus {
    fn from(status: Deployed) -> Self {
        match status {
            Deployed::Pending => Self::Pending,
            Deployed::Deploying => Self::Deploying,
            Deployed::Running => Self::Running,
            Deployed::Stopping => Self::Stopping,
            Deployed::Stopped => Self::Stopped,
            Deployed::Failed => Self::Failed,
        }
    }
}

/// What was ordered of the instance of a team; its status follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DesiredState {
    Running,
    /// Its names and its address stay.
    Stopped,
    /// Its address is free as soon as it is gone.
    Removed,
}

impl From<Desired> for DesiredState {
    fn from(desired: Desired) -> Self {
        match desired {
            Desired::Running => Self::Running,
            Desired::Stopped => Self::Stopped,
            Desired::Removed => Self::Removed,
        }
    }
}

/// Whether a runner is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunnerStatus {
    Online,
    Offline,
}

impl From<Status> for RunnerStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Online => Self::Online,
            Status::Offline => Self::Offline,
        }
    }
}

/// Whether a runner's key is bound to a machine, and was shown from elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HostBinding {
    Unbound,
    Bound,
    Violated,
}

impl From<Binding> for HostBinding {
    fn from(binding: Binding) -> Self {
        match binding {
            Binding::Unbound => Self::Unbound,
            Binding::Bound => Self::Bound,
            Binding::Violated => Self::Violated,
        }
    }
}

/// How far a transmission is: `preparing` before the carrier is on, `ending` when it has to go off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AirPhase {
    Preparing,
    OnAir,
    Ending,
}

impl From<Phase> for AirPhase {
    fn from(phase: Phase) -> Self {
        match phase {
            Phase::Preparing => Self::Preparing,
            Phase::OnAir => Self::OnAir,
            Phase::Ending => Self::Ending,
        }
    }
}

/// The status of a transmission. All but `planned` are final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TransmissionStatus {
    Planned,
    Success,
    Failed,
    Aborted,
}

impl TransmissionStatus {
    /// The status that a word of the database names.
    pub fn named(word: &str) -> Self {
        match word {
            "success" => Self::Success,
            "failed" => Self::Failed,
            "aborted" => Self::Aborted,
            _ => Self::Planned,
        }
    }
}

impl From<TransmissionStatus> for Stored {
    fn from(status: TransmissionStatus) -> Self {
        match status {
            TransmissionStatus::Planned => Self::Planned,
            TransmissionStatus::Success => Self::Success,
            TransmissionStatus::Failed => Self::Failed,
            TransmissionStatus::Aborted => Self::Aborted,
        }
    }
}

/// What an alarm is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlarmKind(Raised);

impl Serialize for AlarmKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

impl From<Raised> for AlarmKind {
    fn from(kind: Raised) -> Self {
        Self(kind)
    }
}

impl PartialSchema for AlarmKind {
    fn schema() -> RefOr<Schema> {
        let words = Raised::ALL.map(Raised::as_str);
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).into()
    }
}

impl ToSchema for AlarmKind {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("AlarmKind")
    }
}

/// The name of a modulation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModulationName(String);

impl From<String> for ModulationName {
    fn from(name: String) -> Self {
        Self(name)
    }
}

impl From<&'static str> for ModulationName {
    fn from(name: &'static str) -> Self {
        Self(name.to_owned())
    }
}

impl PartialSchema for ModulationName {
    fn schema() -> RefOr<Schema> {
        let words = MODULATIONS.iter().map(|it| it.name);
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).into()
    }
}

impl ToSchema for ModulationName {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("ModulationName")
    }
}
