//! Teams, players, their instances and what they submit, for operators.

pub mod deployments;
pub mod inspect;
pub mod instances;
pub mod players;
pub mod secrets;
pub mod teams;
