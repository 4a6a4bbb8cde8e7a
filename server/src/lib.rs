//! The ChallengeCtl server: HTTP and live events on top of the coordinator, which makes the decisions and holds the
//! data.

#![warn(missing_docs)]

pub mod application;
pub mod config;
pub mod console;
pub mod events;
pub mod http;
mod listener;
mod refusal;
mod tls;
mod words;

pub use application::{Application, ApplicationError};
pub use config::Config;
pub use tls::TlsError;
