//! Publishing: live events, alarms, the revision that grows with each change, and the operators' log.

pub(crate) mod alarm;
pub(crate) mod alarm_kind;
pub mod alarms;
pub(crate) mod cached;
pub(crate) mod challenge_state;
pub mod events;
pub(crate) mod liveness;
pub(crate) mod log;
pub(crate) mod revision;
