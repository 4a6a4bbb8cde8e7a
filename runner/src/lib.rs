//! The ChallengeCtl runner: the agent on a host with radios.
//!
//! [`agent`] communicates with the server and never handles samples. Each transmission runs in a child process
//! ([`transmit`], supervised by [`process`]), and only that opens a [`radio`]: a driver that hangs or crashes does not
//! affect the agent.
//!
//! Calls go downwards in this order: [`cli`], [`agent`], [`cache`], [`transmit`] and [`engine`], [`api`], [`config`], [`radio`],
//! [`process`] and [`machine`].

mod agent;
mod api;
mod cache;
pub mod cli;
pub mod config;
mod engine;
mod machine;
pub mod process;
pub mod radio;
pub mod sandbox;
pub mod transmit;
