//! One transmission, in a child process of its own.
//!
//! A driver library can hang, crash, or leave a carrier on. So the samples are made and the radio is opened in a child
//! process ([`child`]): the same binary under a hidden subcommand, with JSON lines on its standard input and output
//! ([`message`]). The parent ([`watch()`]) holds no samples; a child that stops answering is killed, which closes the
//! device. In turn the child needs nobody to stop: it goes off air when its lease runs out or the parent goes away.

pub mod child;
pub mod clock;
mod gate;
pub mod message;
pub mod watch;

pub use clock::{Deadline, Moment};
pub use message::{Job, Source};
pub use watch::{Ended, Stage, Standing, Verdict, watch};

/// The hidden subcommand under which this binary is a child.
pub const SUBCOMMAND: &str = "__transmit";
