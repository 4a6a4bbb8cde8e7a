//! Logging in, and the accounts of people.

pub mod auth;
mod role;
pub mod users;
