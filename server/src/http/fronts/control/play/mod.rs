//! Teams, players, their instances and what they submit, for operators.

pub mod inspect;
pub mod instances;
pub mod players;
pub mod secrets;
pub mod teams;
