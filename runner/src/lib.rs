//! The ChallengeCtl runner: the agent on a host with radios.
//!
//! [`agent`] speaks with the server and never touches samples. Each transmission runs in a child process
//! ([`transmit`]), which alone opens a [`radio`]; what goes wrong there cannot take the agent along.

pub mod agent;
pub mod cache;
pub mod cli;
pub mod config;
pub mod durable;
pub mod radio;
pub mod transmit;
