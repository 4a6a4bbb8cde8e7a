//! What was, for people to look at.

pub mod audit;
pub mod figures;
pub mod history;
pub mod logs;
