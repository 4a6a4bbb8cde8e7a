//! The coordinator on a real database, with a clock that the tests set.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod aftermath;
mod alarms;
mod bounds;
mod clocks;
mod flags;
mod hours;
mod instances;
mod keeping;
mod leases;
mod lives;
mod migration;
mod operators;
mod players;
mod readiness;
mod rests;
mod secrets;
mod silence;
mod site;
mod turns;
mod walk;
