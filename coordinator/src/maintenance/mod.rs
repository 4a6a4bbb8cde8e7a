//! What is done by itself, or by hand now and then.

pub mod alarms;
pub mod backup;
pub mod check;
mod jobs;
pub mod timekeeping;
