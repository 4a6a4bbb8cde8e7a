//! The ChallengeCtl runner: the agent on a host with radios.
//!
//! [`agent`] talks to the server and never touches samples. Each transmission runs in a child process ([`transmit`], in
//! the cage that [`process`] is), which alone opens a [`radio`]: a driver that hangs or crashes cannot take the agent
//! along.
//!
//! Calls go downwards only: [`cli`], [`agent`], [`cache`] and [`transmit`], [`api`], [`config`], [`radio`], [`process`]
//! and [`machine`].

mod agent;
mod api;
mod cache;
pub mod cli;
pub mod config;
mod machine;
pub mod process;
pub mod radio;
pub mod transmit;
