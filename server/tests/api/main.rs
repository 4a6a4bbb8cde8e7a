//! The HTTP API against a real server on a real database: request in, response out, field by field.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod archives;
mod auth;
mod binding;
mod challenges;
mod clients;
mod conference;
mod control;
mod description;
mod document;
mod enrolment;
mod envelope;
mod errors;
mod files;
mod fleet;
mod fuzzing;
mod history;
mod live;
mod matrix;
mod metrics;
mod operations;
mod people;
mod polling;
mod provisioning;
mod runners;
mod site;
mod throttling;
mod tls;
mod uploads;
mod users;
mod views;
