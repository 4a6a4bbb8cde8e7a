//! The past, for people: history, logs, the audit log and figures.

pub mod alarms;
pub mod audit;
pub mod figures;
pub mod history;
pub mod logs;
