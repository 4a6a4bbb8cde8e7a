//! One transmission, in a child process of its own.
//!
//! A driver library can hang, crash, or leave a carrier on. So the samples are made and the radio is opened in a child
//! process ([`child`]): the same binary under a hidden subcommand, in the cage that [`process`](crate::process) is. There
//! the chain (`chain.rs`) moves samples in one direction, from the payload to the radio, as long as the carrier permit
//! (`permit.rs`) lets it. The parent (`watch.rs`) holds no samples; it passes on what may be on air ([`Standing`]), and a
//! child that stops answering is killed, which closes the device. In turn the child needs nobody to stop: it goes off
//! air when its lease runs out or the parent goes away.
//!
//! A child carries out one job after another, and keeps its device open if that is silent meanwhile ([`Children`]). What a device needs from outside when its child was killed is done by another, short-lived child
//! ([`errand`]).

mod chain;
pub mod child;
mod children;
pub mod errand;
mod mark;
pub mod message;
mod outcome;
mod permit;
mod rest;
mod watch;

pub use children::Children;
pub use mark::is_left as was_left_open;
pub use message::{Job, Payload, Station};
pub use outcome::{Ended, Stage, Standing, Verdict};
pub use rest::Rest;

/// The hidden subcommand under which this binary is a child.
pub const SUBCOMMAND: &str = "__transmit";
