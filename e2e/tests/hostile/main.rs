//! What a hostile container does to others: nothing. Each test is a row of the table in docs/instances.md.

mod kernel;
mod network;
mod resources;
mod rules;
mod storage;

use std::time::Duration;

/// Time for what takes a few seconds.
const SOON: Duration = Duration::from_secs(60);
