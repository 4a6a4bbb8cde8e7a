//! One transmission, in a child process of its own.
//!
//! A driver library can hang, crash, or leave a carrier on. So samples are made and the radio is opened in a child
//! process ([`child`]): the same program under a hidden subcommand, supervised by [`process`](crate::process). There
//! the chain (`chain.rs`) moves samples in one direction, from the payload to the radio, while the carrier permit
//! (`permit.rs`) is granted. The parent ([`watch()`]) handles no samples; it passes on the [`Standing`], and kills a
//! child that stops answering, which closes the device. The child goes off air by itself when its lease runs out or the
//! parent goes away.

mod chain;
pub mod child;
pub mod message;
mod outcome;
mod permit;
mod watch;

pub use message::{Job, Payload};
pub use outcome::{Ended, Stage, Standing, Verdict};
pub use watch::watch;

/// The hidden subcommand under which this binary is a child.
pub const SUBCOMMAND: &str = "__transmit";
