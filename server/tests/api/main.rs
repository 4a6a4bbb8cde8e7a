//! The HTTP API against a real server on a real database: request in, response out, field by field.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod clients;
mod control;
mod dashboard;
mod docker;
mod engine;
mod envelope;
mod foreign_sessions;
mod live;
mod metrics;
mod obedient;
mod operations;
mod pacstar;
mod people;
mod play;
mod playing;
mod receiver;
mod sessions;
mod site;
mod tls;
