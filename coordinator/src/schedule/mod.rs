//! The schedule: which challenge goes on air next, on which radio and frequency, and when it is due again. Pure: the
//! state goes in, a decision comes out.

mod capability;
mod due;
mod pick;
mod signal;

pub use capability::{Capability, Obstacle};
pub use due::{after_failure, after_success};
pub use pick::{Candidate, Pick, Situation, pick};
pub use signal::Signal;
