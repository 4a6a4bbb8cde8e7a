//! The ChallengeCtl coordinator: it holds the challenges, decides what goes on air when and where, and hands it to
//! runners. `http` calls `core`, `core` calls `store`, never the other way.

#![warn(missing_docs)]

pub mod application;
mod bare;
pub mod config;
pub mod console;
pub mod core;
pub mod events;
pub mod http;
mod listener;
pub mod store;
mod supervision;
mod tls;

pub use application::{Application, ApplicationError};
pub use config::Config;
pub use tls::TlsError;
