//! The schedule: which challenge goes on air next, on which radio and frequency, and when it is due again. Pure: the
//! state goes in, a decision comes out.

mod due;
mod pick;

pub use due::{after_failure, after_success};
pub use pick::{Candidate, Capability, Pick, Situation, pick};
