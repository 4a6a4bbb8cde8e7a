//! The command line.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accounts;
mod backup;
mod challenge_folders;
mod check;
mod export;
mod folder;
mod import;
mod output;
mod plan;
mod serve;
mod settings;
