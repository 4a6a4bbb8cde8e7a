//! The messages about inspections: what an operator wants to see of an instance that runs. The server hands them out with
//! the orders; the runner answers each once.

use crate::EngineId;
use crate::instance::ContainerName;
use serde::{Deserialize, Serialize};

/// Bytes of what an inspection shows: of more, the last.
pub const MAX_OUTPUT: usize = 96 * 1024;
/// Words of a command.
pub const MAX_WORDS: usize = 100;

/// Something that an operator wants to see of an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Inspection {
    /// Names it in the answer.
    pub inspection_id: i64,
    /// The session's id.
    pub session_id: i64,
    /// The engine that runs it.
    pub engine_id: EngineId,
    /// The container; absent: the first.
    pub container: Option<ContainerName>,
    /// What to look at.
    pub subject: Subject,
}

/// What an inspection looks at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// What the container has printed: the last lines, so many.
    Output(u32),
    /// What this command prints in the container.
    Command(Vec<String>),
    /// What a cluster has recorded about the objects of the instance: a line for each event, the oldest first.
    Events,
}

/// The answer to an [`Inspection`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct InspectionAnswer {
    /// The inspection.
    pub inspection_id: i64,
    /// What was printed, as UTF-8; absent: it could not be looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 98_304))]
    pub output: Option<String>,
    /// The exit code of a command that has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i64>,
    /// Why it could not be looked at, or not to the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 1000))]
    pub reason: Option<String>,
}
