//! The control API.

mod archives;
mod audit;
mod auth;
mod binding;
mod challenges;
mod conference;
mod description;
mod document;
mod enrollment;
mod errors;
mod files;
mod fleet;
mod fuzzing;
mod history;
mod matrix;
mod plan;
mod polling;
mod provisioning;
mod runners;
mod system;
mod throttling;
mod uploads;
mod users;
mod views;
