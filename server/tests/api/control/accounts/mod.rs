//! Logging in, and the accounts of people.

mod auth;
mod throttling;
mod users;
