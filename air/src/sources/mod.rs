//! How transmissions get in.
//!
//! A transmitter connects over a Unix socket, which only its own user can open, or over TCP, where it must have the
//! air's [`Key`] and everything is encrypted. It announces its transmission, and then sends samples as the air's clock
//! makes room: at most [`MAX_QUEUE_MS`](crate::spectrum::MAX_QUEUE_MS) wait. While no receiver hears it, it sends nothing
//! and keeps time by its own clock. A connection that ends cuts the carrier, and samples that wait are not heard.
//!
//! Over the same sockets a process of this host can listen, to record.
//!
//! | File | Does |
//! |---|---|
//! | `wire` | the messages |
//! | `key` | the key of transmitters, and the encryption of a connection |
//! | `listener`, `service`, `frames` | the air's side: asynchronous |
//! | `transmitter`, `remote_receiver`, `client`, `stream` | the side of other processes: blocking |

mod client;
mod frames;
mod key;
mod listener;
mod remote_receiver;
mod service;
mod stream;
mod transmitter;
mod wire;

#[cfg(test)]
mod tests;

pub use client::Address;
pub use key::{Key, KeyError};
pub use listener::{Listener, listen_tcp, listen_unix};
pub use remote_receiver::RemoteReceiver;
pub use transmitter::Transmitter;
