//! What others are told: events, the number that grows with each change, and the log for operators.

pub(crate) mod alarm_kind;
pub mod alarms;
pub(crate) mod cached;
pub mod events;
pub(crate) mod liveness;
pub(crate) mod log;
pub(crate) mod revision;
