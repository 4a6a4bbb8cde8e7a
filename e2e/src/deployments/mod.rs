//! Challenges that are deployed for many teams in a real cluster: what it costs, and what becomes of them when the API fails,
//! the programs are killed, or the cluster or its runner is away.
#![expect(clippy::indexing_slicing, reason = "a field that is missing is none of those that are expected")]

mod away;
mod kills;
mod many;
mod organiser;

pub use away::{Absence, be_away};
pub use kills::{Kills, survive};
pub use many::{Load, Report, measure};
