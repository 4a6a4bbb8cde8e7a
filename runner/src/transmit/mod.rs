//! One transmission, in a child process of its own.
//!
//! A driver library can hang, crash, or leave a carrier on. So the samples are made and the radio is opened in a child
//! process ([`child`]): the same binary under a hidden subcommand, in the cage that [`process`](crate::process) is. There
//! the chain (`chain.rs`) moves samples in one direction, from the payload to the radio, as long as the carrier permit
//! (`permit.rs`) lets it. The parent ([`watch()`]) holds no samples; it passes on what may be on air ([`Standing`]), and a
//! child that stops answering is killed, which closes the device. In turn the child needs nobody to stop: it goes off
//! air when its lease runs out or the parent goes away.

mod chain;
pub mod child;
pub mod message;
mod outcome;
mod permit;
mod rest;
mod watch;

pub use message::{Job, Payload, Station};
pub use outcome::{Ended, Stage, Standing, Verdict};
pub use rest::Rest;
pub use watch::watch;

/// The hidden subcommand under which this binary is a child.
pub const SUBCOMMAND: &str = "__transmit";
