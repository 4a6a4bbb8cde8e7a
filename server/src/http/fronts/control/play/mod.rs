//! Teams and players, for operators.

pub mod players;
pub mod teams;
