//! How transmissions get in.
//!
//! A transmitter connects over a Unix socket, which only its own user can open, or over TCP, where it must have the
//! air's [`Key`] and everything is encrypted. It says what it transmits, and then sends samples as the air's clock makes
//! room: at most [`MAX_QUEUE_MS`](crate::spectrum::MAX_QUEUE_MS) wait. A connection that ends cuts the carrier, and what
//! waits is not sent. By the same way a process of this host can listen, to record. While no receiver hears it, it sends lengths in place of samples.

mod key;
mod server;
mod transmitter;
mod wire;

#[cfg(test)]
mod tests;

pub use key::{Key, KeyError};
pub use server::{Listener, listen_tcp, listen_unix};
pub use transmitter::{Address, RemoteReceiver, Transmitter};
