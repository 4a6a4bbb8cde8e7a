//! One alarm, in force or over.

pub use crate::bus::alarm_kind::AlarmKind;
pub use crate::store::log::alarms::{Mark, Marks, Shelved};
use challengectl_common::Timestamp;

/// A condition that a person should look into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// Counts the alarms, in the order in which they began.
    pub number: u64,
    /// The kind.
    pub kind: AlarmKind,
    /// The runner or challenge; empty for the server itself.
    pub subject: String,
    /// What is wrong, and the way out.
    pub message: String,
    /// When it began.
    pub since: Timestamp,
    /// How operators have marked it.
    pub marks: Marks,
}

/// An alarm that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastAlarm {
    /// The alarm as it was.
    pub alarm: Alarm,
    /// When it was over.
    pub over_at: Timestamp,
}

impl Alarm {
    /// Returns the id of the alarm while it lasts.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}:{}", self.kind.as_str(), self.subject)
    }
}
