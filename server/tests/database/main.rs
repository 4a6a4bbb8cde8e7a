//! The coordinator on a real database, with a clock that the tests move.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod bounds;
mod hours;
mod keeping;
mod leases;
mod operators;
mod site;
mod walk;
